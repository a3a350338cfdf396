"""How single activations are quantized: PPQ's TensorQuantizationConfig over a config of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from .. import _native


class QuantizationStates(Enum):
    """docs/numerics/states.md draws the steps between them."""

    INITIAL = 1
    BAKED = 2
    OVERLAPPED = 3
    ACTIVATED = 4
    PASSIVE = 5
    PASSIVE_INIT = 6
    PASSIVE_BAKED = 7
    FP32 = 8


class TensorQuantizationConfig:
    """The config of one activation. Weights have none here: the target decides about them."""

    def __init__(self, plan: _native.QuantizationPlan, tensor: str) -> None:
        self._plan = plan
        self.tensor = tensor

    @property
    def _config(self) -> _native.TensorQuantizationConfig:
        return self._plan.config(self.tensor)

    @property
    def dominated_by(self) -> TensorQuantizationConfig:
        """The config whose scale and offset are in force; itself if it has its own."""
        return TensorQuantizationConfig(self._plan, self._plan.root(self.tensor))

    @property
    def state(self) -> QuantizationStates:
        return QuantizationStates[self._config.state]

    @state.setter
    def state(self, state: QuantizationStates) -> None:
        """Throws ValueError for a step that is not allowed."""
        self._config.move_to(state.name)

    @property
    def scale(self) -> Any:
        """A float32 array without dimensions, or of one entry per channel; None while unknown."""
        return _array(self.dominated_by._config.scale)

    @property
    def offset(self) -> Any:
        return _array(self.dominated_by._config.offset)

    def activate(self, scale: float, offset: int) -> None:
        """Writes both and becomes ACTIVATED. Throws ValueError as `state` does."""
        self._config.activate([float(scale)], [int(offset)])

    @property
    def num_of_bits(self) -> int:
        return self._config.bits

    @property
    def quant_min(self) -> int:
        return self._config.quant_min

    @property
    def quant_max(self) -> int:
        return self._config.quant_max

    @property
    def observer_algorithm(self) -> str:
        """Empty: the pass's."""
        return self._config.observer

    @observer_algorithm.setter
    def observer_algorithm(self, name: str) -> None:
        self._config.observer = name.lower()

    @property
    def detail(self) -> dict[str, float]:
        """Numbers for the method, e.g. "percentile"; a copy, to be set as a whole."""
        return dict(self._config.detail)

    @detail.setter
    def detail(self, detail: dict[str, float]) -> None:
        self._config.detail = detail

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorQuantizationConfig) and (self._plan, self.tensor) == (other._plan, other.tensor)

    def __hash__(self) -> int:
        return hash((id(self._plan), self.tensor))

    def __repr__(self) -> str:
        return f"TensorQuantizationConfig('{self.tensor}', {self.state.name}, scale={self.scale}, offset={self.offset})"


def _array(values: Sequence[float]) -> Any:
    import numpy as np

    if not values:
        return None
    return np.asarray(values[0] if len(values) == 1 else values, dtype=np.float32)
