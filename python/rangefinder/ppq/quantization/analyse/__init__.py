"""Where `ppq.quantization.analyse` has them."""

from rangefinder.ppq import (
    graphwise_error_analyse,
    layerwise_error_analyse,
    statistical_analyse,
)

__all__ = [
    "graphwise_error_analyse",
    "layerwise_error_analyse",
    "statistical_analyse",
]
