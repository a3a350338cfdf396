"""Tensors that lie on CUDA devices: where they are counted."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

from . import _native

#: Device memory and managed memory, as DLPack numbers them.
_CUDA = (2, 13)


def cuda_device_of(values: Any) -> int | None:
    """The number of the CUDA device that an array lies on."""
    # torch.nn.Parameter and the like have the method; what has not lies on the host.
    tell = getattr(values, "__dlpack_device__", None)
    if tell is None:
        return None
    try:
        kind, number = tell()
    except (BufferError, ValueError):
        # A kind of device that DLPack does not know.
        return None
    return int(number) if int(kind) in _CUDA else None


class Devices:
    """The CUDA devices that tensors were seen on: held open, so that counters share them, or known not to count."""

    def __init__(self) -> None:
        self._known: dict[int, _native.CountingDevice] = {}

    def counts(self, number: int) -> bool:
        """Whether tensors can be counted there; of the first that can not the user is told why."""
        if number not in self._known:
            device = self._known[number] = _native.open_for_counting(f"cuda:{number}")
            if device.none_because:
                warnings.warn(
                    f"cuda:{number} cannot count, tensors are copied and counted on the CPU: {device.none_because}",
                    stacklevel=2,
                )
        return not self._known[number].none_because

    def reachable(self, values: Any) -> Any:
        """The values as they are where they can be counted in place, else a copy on the host."""
        number = cuda_device_of(values)
        if number is None or self.counts(number):
            return values
        return to_host(values)


def to_host(values: Any) -> Any:
    if hasattr(values, "cpu"):
        return values.cpu()
    import numpy as np

    return np.from_dlpack(values, device="cpu", copy=True)


def current(values: Any) -> contextlib.AbstractContextManager[Any]:
    """A tensor of PyTorch on a GPU is waited for in the stream of the current device, so its own must be that."""
    if not getattr(values, "is_cuda", False):
        return contextlib.nullcontext()
    import torch  # type: ignore[import-not-found, unused-ignore]

    device: contextlib.AbstractContextManager[Any] = torch.cuda.device_of(values)
    return device
