"""Where `ppq.quantization.optim` has them."""

from typing import Any

from rangefinder.ppq import (
    IsotoneCalibrationPass,
    QuantizationOptimizationPass,
    RuntimeCalibrationPass,
)
from rangefinder.ppq._missing import refuse as _refuse

__all__ = [
    "IsotoneCalibrationPass",
    "QuantizationOptimizationPass",
    "RuntimeCalibrationPass",
]


def __getattr__(name: str) -> Any:
    _refuse(__name__, name)
