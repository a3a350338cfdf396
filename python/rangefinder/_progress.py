"""Progress: a bar of tqdm where it is installed and somebody looks, or a function of the user's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Stage ("observe", "verify", ...), samples done, all samples (None while their number is not known).
ProgressFunction = Callable[[str, int, "int | None"], Any]


def function_of(progress: bool | ProgressFunction | None) -> Callable[[str, int, int], Any] | None:
    """What the engine calls with the stage, the samples done and all samples or 0."""
    if progress is None or progress is False:
        return None
    if progress is True:
        return _bar()
    if not callable(progress):
        raise TypeError(f"progress: {type(progress).__name__}; allowed: True, False, a function(stage, done, total)")
    function = progress
    return lambda stage, done, total: function(stage, done, total or None)


def _bar() -> Callable[[str, int, int], Any] | None:
    try:
        from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return None
    shown: str | None = None
    bar: Any = None
    bar_done = 0

    def show(stage: str, done: int, total: int) -> None:
        nonlocal shown, bar, bar_done
        if stage != shown:
            if bar is not None:
                bar.close()
            # Nothing is shown where standard error is no terminal.
            bar = tqdm(desc=stage, total=total or None, disable=None, leave=False)
            shown, bar_done = stage, 0
        bar.update(done - bar_done)
        bar_done = done
        if done == total:
            bar.close()

    return show
