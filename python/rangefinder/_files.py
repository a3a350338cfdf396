"""Names of files, as the engine takes them."""

from __future__ import annotations

import os


def path_of(given: str | os.PathLike[str]) -> str:
    path = os.fspath(given)
    if not isinstance(path, str):
        raise TypeError(f"a path is a str or an os.PathLike of one, not {type(path).__name__}")
    if "\0" in path:
        raise ValueError(f"{path!r}: no path holds a null character")
    return path
