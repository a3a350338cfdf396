"""convert_to_analog()."""

from __future__ import annotations

from typing import Any

from .. import _models, _native
from . import _hardware
from ._model import AnalogModel


def convert_to_analog(
    module: Any,
    rpu_config: Any = None,
    conversion_map: Any = None,
    specific_rpu_config_fun: Any = None,
    module_name: str = "",
    ensure_analog_root: bool = True,
    exclude_modules: list[str] | None = None,
    inplace: bool = False,
    verbose: bool = False,
    *,
    compat: str | None = None,
) -> Any:
    """A torch module becomes analog by AIHWKIT-Lightning, which is called; an ONNX model - a path, bytes, an
    onnx.ModelProto - becomes an AnalogModel of ours.

    rpu_config      theirs, a RpuConfig, a dictionary or a file
    exclude_modules what stays digital; of an ONNX model patterns of node or module names
    compat          "aihwkit": the figures of AIHWKIT-Lightning where ours differ; of ONNX models

    The others are for torch modules alone.
    """
    if _models._is_torch_module(module):
        from aihwkit_lightning.nn.conversion import (  # type: ignore[import-not-found, import-untyped, unused-ignore]
            convert_to_analog as theirs,
        )

        return theirs(
            module,
            rpu_config,
            conversion_map=conversion_map,
            specific_rpu_config_fun=specific_rpu_config_fun,
            module_name=module_name,
            ensure_analog_root=ensure_analog_root,
            exclude_modules=exclude_modules,
            inplace=inplace,
            verbose=verbose,
        )
    for name, given in (("conversion_map", conversion_map), ("specific_rpu_config_fun", specific_rpu_config_fun)):
        if given is not None:
            raise NotImplementedError(f"{name}: for torch modules; of an ONNX model 'layers' of rpu_config has exceptions")
    loaded = _models.load(module)
    hardware = _hardware.hardware_of(rpu_config, list(exclude_modules or []))
    native = _native.convert_to_analog(loaded.native, hardware, compat)
    analog = AnalogModel(native, loaded)
    if verbose:
        print(analog.table())
    return analog
