"""Files of items that tests write."""

import io
from pathlib import Path

import pandas as pd

from driftrec.agents.catalogues.read_items import ReadItems

PLAIN = b'item_id,title,text,topic\n1,Red film,"Long, and\nloud",Drama\n2,Blue song,,Music\n'
WANTED = ReadItems(("1", "2"), ("Red film", "Blue song"), ("Long, and loud", ""), ("Drama", "Music"))

KEYS = ("id", "title", "topic")


def parquet(rows):
    """Rows as a Parquet file."""
    file = io.BytesIO()
    pd.DataFrame(rows, columns=KEYS).to_parquet(file)
    return file.getvalue()


def write(folder: Path, data: bytes) -> Path:
    path = folder / "items.csv"
    path.write_bytes(data)
    return path
