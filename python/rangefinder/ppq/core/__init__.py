"""Where `ppq.core` has them."""

from .._configs import QuantizationStates, TensorQuantizationConfig
from .._measure import convert_any_to_numpy, convert_any_to_torch_tensor
from .._platforms import TargetPlatform
from . import common

__all__ = [
    "QuantizationStates",
    "TargetPlatform",
    "TensorQuantizationConfig",
    "common",
    "convert_any_to_numpy",
    "convert_any_to_torch_tensor",
]
