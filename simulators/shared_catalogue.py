"""Catalogue folders read once, however many worlds use them."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakValueDictionary

from driftrec.simulators.catalogue import ARRAYS_FILE, TEXTS_FILE, Catalogue, Personas, load_catalogue

Key = tuple[tuple[str, int, int], ...]

_catalogues: WeakValueDictionary[Key, Catalogue] = WeakValueDictionary()
_personas: WeakValueDictionary[Key, Personas] = WeakValueDictionary()


def shared_catalogue(folder: str | Path) -> tuple[Catalogue, Personas]:
    """``load_catalogue``, but the very objects of an earlier call while somebody holds them and no file has changed.

    Both cannot be changed, so that nobody notices whom they share them with.
    """
    key = _key(Path(folder))
    catalogue, personas = _catalogues.get(key), _personas.get(key)
    if catalogue is None or personas is None:
        catalogue, personas = load_catalogue(folder)
        _catalogues[key], _personas[key] = catalogue, personas
    return catalogue, personas


def _key(folder: Path) -> Key:
    """Files of the folder as they are now: path, time of the last change, size; () where one is missing."""
    paths = [folder.resolve() / name for name in (TEXTS_FILE, ARRAYS_FILE)]
    if not all(path.is_file() for path in paths):
        return ()
    return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
