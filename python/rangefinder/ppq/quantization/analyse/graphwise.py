"""Where `ppq.quantization.analyse.graphwise` has them."""

from rangefinder.ppq import (
    graphwise_error_analyse,
    statistical_analyse,
)

__all__ = [
    "graphwise_error_analyse",
    "statistical_analyse",
]
