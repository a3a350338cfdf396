"""The step that their quantizer wants before it."""

from __future__ import annotations

import os
from typing import Any

from .. import _files, _models


def quant_pre_process(
    input_model: Any = None,
    output_model_path: str | os.PathLike[str] | None = None,
    skip_optimization: bool = False,
    skip_onnx_shape: bool = False,
    skip_symbolic_shape: bool = False,
    auto_merge: bool = False,
    int_max: int = 2**31 - 1,
    guess_output_rank: bool = False,
    verbose: int = 0,
    save_as_external_data: bool = False,
    all_tensors_to_one_file: bool = False,
    external_data_location: str | None = None,
    external_data_size_threshold: int = 1024,
    **deprecated: Any,
) -> None:
    """Writes the model as it is: quantize_static() prepares models itself, in memory.

    The switches choose steps of theirs, or where weights are kept; none changes what the model computes, and none has an
    effect here.
    """
    model = input_model if input_model is not None else deprecated.pop("input_model_path", None)
    if deprecated:
        raise TypeError(f"quant_pre_process: unknown argument '{next(iter(deprecated))}'")
    if model is None or output_model_path is None:
        raise TypeError("quant_pre_process: input_model and output_model_path are needed")
    _models.load(model).native.save(_files.path_of(output_model_path))
