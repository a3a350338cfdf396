"""What AIHWKIT-Lightning's moving types do while they calibrate: each layer clips at what was found so far, so deeper
layers see what upstream ranges of that moment leave. Kept for compat="aihwkit" alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from . import _install
from ._watch import Watched

#: Before any data.
_START = 3.0


@contextlib.contextmanager
def clipping(layers: list[Any]) -> Iterator[None]:
    """Analog layers clip at `input_range` inside; afterwards they have the one that they had, or none."""
    with contextlib.ExitStack() as undo:
        for layer in layers:
            undo.callback(_install.restore, layer, _install.state_of(layer))
            _install.install(layer, [_START] * len(layer.in_sizes))
        yield


def clip_from_now(watched: Watched) -> None:
    """The layer's next clip is at the ranges found so far."""
    import torch  # type: ignore[import-not-found, unused-ignore]

    found = watched.counter.ranges()
    if found is not None:
        watched.layer.input_range.data.copy_(torch.tensor(found))
