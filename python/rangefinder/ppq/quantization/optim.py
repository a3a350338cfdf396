"""Where `ppq.quantization.optim` has them."""

from rangefinder.ppq import (
    IsotoneCalibrationPass,
    QuantizationOptimizationPass,
    RuntimeCalibrationPass,
)

__all__ = [
    "IsotoneCalibrationPass",
    "QuantizationOptimizationPass",
    "RuntimeCalibrationPass",
]
