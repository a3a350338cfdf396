"""quantize() with a configuration, for scripts that do not call quantize_static() themselves."""

from __future__ import annotations

import os
from typing import Any

from .. import _results
from ._quantize import quantize_static


class StaticQuantConfig:
    """The arguments of quantize_static() but for the models."""

    def __init__(self, calibration_data_reader: Any, **arguments: Any) -> None:
        self.calibration_data_reader = calibration_data_reader
        self.arguments = arguments


def quantize(
    model_input: Any, model_output: str | os.PathLike[str], quant_config: StaticQuantConfig
) -> _results.QuantizedModel:
    """quantize_static() with the arguments of a StaticQuantConfig."""
    if not isinstance(quant_config, StaticQuantConfig):
        raise NotImplementedError(f"quant_config: {type(quant_config).__name__}; allowed: StaticQuantConfig")
    return quantize_static(
        model_input, model_output, quant_config.calibration_data_reader, **quant_config.arguments
    )
