"""Counting tensors that no ONNX model of ours computes."""

from __future__ import annotations

from typing import Any

from . import _devices, _native
from ._statistics import Statistics


class TensorCounter:
    """Counts tensors of a network that runs elsewhere, where they lie: observe() without a model.

        counter = rangefinder.TensorCounter()
        network.fc1.register_forward_hook(lambda layer, args, output: counter.count("fc1", output))
        ...
        statistics = counter.statistics()

    Nothing is copied: tensors of PyTorch, CuPy, JAX, ... are looked at by DLPack, those on a GPU are counted there.
    Of the same values the statistics are the same wherever they lie. One thread at a time.
    """

    def __init__(self) -> None:
        self._native = _native.TensorCounter()
        self._devices = _devices.Devices()

    def count(self, name: str, values: Any, channel_axis: int | None = None) -> None:
        """One batch of a tensor: float32, float16 or bfloat16; together, or each channel along an axis by itself.

        What is not contiguous PyTorch makes so, where it lies; of others it is a ValueError. Where a GPU cannot count
        - no driver of ours, a build without kernels - the values are copied to the host, with a warning.
        """
        if hasattr(values, "detach"):
            values = values.detach().contiguous()
        values = self._devices.reachable(values)
        with _devices.current(values):
            self._native.count(name, values, channel_axis)

    def statistics(self) -> Statistics:
        """What was counted up to now, in the order of names. It knows of no model and no samples: statistics of the
        same tensors merge."""
        return Statistics(self._native.statistics())
