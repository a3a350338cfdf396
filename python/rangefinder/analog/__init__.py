"""Input ranges of analog layers, with AIHWKIT-Lightning's names: on its modules, on PyTorch's, and on ONNX models.

    from rangefinder.analog import InputRangeCalibrationType, calibrate_input_ranges, convert_to_analog

docs/from_aihwkit_lightning.md shows each.
"""

from __future__ import annotations

from ._calibrate import calibrate_input_ranges
from ._carry import input_ranges, load_input_ranges
from ._convert import convert_to_analog
from ._hardware import RpuConfig, TorchInferenceRPUConfig
from ._model import AnalogLayer, AnalogModel, compare_analog
from ._types import InputRangeCalibrationType

__all__ = [
    "AnalogLayer",
    "AnalogModel",
    "InputRangeCalibrationType",
    "RpuConfig",
    "TorchInferenceRPUConfig",
    "calibrate_input_ranges",
    "compare_analog",
    "convert_to_analog",
    "input_ranges",
    "load_input_ranges",
]
