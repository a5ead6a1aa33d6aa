"""Tables of a rollout come back as they were kept, names that look like numbers among them."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.comparison.kept_rollout import KeptRollout, read_part, write_part
from driftrec.agents.snapshots.snapshot_file import SpoiltError
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder

ROWS = pd.DataFrame(
    {
        "user": [0, 1],
        "engagement": np.array([0.1 + 0.2, np.nan]),
        "persona": pd.Series(["nan", "007"], dtype="str"),
        "title": pd.Series([None, "a,b"], dtype="str"),
        "seed": pd.array([None, 3], dtype="Int64"),
        "churn": [True, False],
        "small": np.array([0.1, 0.2], np.float32),
    }
)
EMPTY = ROWS.iloc[:0].reset_index(drop=True)


@pytest.fixture
def kept_in(tmp_path):
    """A folder that holds rollout 2."""
    folder = SnapshotFolder(tmp_path, {"seed": 1}, pytest.fail)
    write_part(folder, 2, KeptRollout(ROWS, ROWS, EMPTY, pd.DataFrame(), ROWS, np.eye(3, dtype=np.bool_)))
    return folder


def test_tables_come_back(kept_in):
    part = read_part(kept_in, 2)
    for table, before in ((part.episodes, ROWS), (part.journeys, EMPTY), (part.story, pd.DataFrame())):
        pd.testing.assert_frame_equal(table, before, check_index_type=False, check_column_type=False)
    np.testing.assert_array_equal(part.shown, np.eye(3, dtype=np.bool_))
    assert read_part(kept_in, 1) is None


def test_a_spoilt_one_is_refused(kept_in):
    file = kept_in.file("rollout-0002")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(SpoiltError, match=r"rollout-0002\.snapshot is not .* Remove it, and this policy serves again"):
        read_part(kept_in, 2)
