"""Where `ppq.quantization.analyse.layerwise` has them."""

from rangefinder.ppq import (
    layerwise_error_analyse,
)

__all__ = [
    "layerwise_error_analyse",
]
