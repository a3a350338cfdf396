"""The analog hardware: the fields of AIHWKIT-Lightning's TorchInferenceRPUConfig that matter at inference."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import _files, _native


@dataclass
class IOParameters:
    """Converters around a tile; resolutions above 1 are numbers of levels minus one: 2**8 - 2."""

    inp_res: float = -1.0
    out_noise: float = 0.0
    out_noise_per_channel: bool = False
    out_bound: float = 0.0
    out_res: float = -1.0


@dataclass
class InputRangeParameter:
    enable: bool = False
    dynamic: bool = False
    init_value: float = 3.0
    init_std_alpha: float = 3.0


@dataclass
class PrePostProcessingParameter:
    input_range: InputRangeParameter = field(default_factory=InputRangeParameter)


@dataclass
class MappingParameter:
    max_input_size: int = -1


@dataclass
class WeightModifierParameter:
    #: NONE, ADD_NORMAL, ADD_NORMAL_PER_CHANNEL
    noise_type: str = "NONE"
    std_dev: float = 0.0
    #: NONE, DISCRETIZE, DISCRETIZE_PER_CHANNEL
    quantization_type: str = "NONE"
    res: float = 0.0


@dataclass
class WeightClipParameter:
    #: NONE, LAYER_GAUSSIAN, LAYER_GAUSSIAN_PER_CHANNEL, LEARNABLE_PER_CHANNEL
    type: str = "NONE"
    sigma: float = -1.0


@dataclass
class RpuConfig:
    """Written down as theirs: `rpu_config.forward.inp_res = 2**8 - 2`. docs/analog.md explains each field."""

    forward: IOParameters = field(default_factory=IOParameters)
    pre_post: PrePostProcessingParameter = field(default_factory=PrePostProcessingParameter)
    mapping: MappingParameter = field(default_factory=MappingParameter)
    modifier: WeightModifierParameter = field(default_factory=WeightModifierParameter)
    clip: WeightClipParameter = field(default_factory=WeightClipParameter)


#: Their name of it.
TorchInferenceRPUConfig = RpuConfig


def hardware_of(given: Any, exclude: list[str] | None = None) -> _native.AnalogHardware:
    """Of a RpuConfig, ours or theirs, a dictionary or a file as docs/analog.md shows, or None: ideal converters.

    Throws ValueError naming the field, Error naming the file."""
    if isinstance(given, (str, os.PathLike)) and not exclude:
        return _native.AnalogHardware.load(_files.path_of(given))
    nested = fields_of(given)
    if exclude:
        nested = {**nested, "exclude": [*nested.get("exclude", []), *exclude]}
    return _native.AnalogHardware.parse(json.dumps(nested))


def fields_of(given: Any) -> dict[str, Any]:
    """The nested fields of a configuration. Those of theirs that matter in training alone are left out."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, (str, os.PathLike)):
        with open(_files.path_of(given), encoding="utf-8") as file:
            return dict(json.load(file))
    if not hasattr(given, "forward") or not hasattr(given, "pre_post"):
        raise TypeError(
            f"rpu_config: {type(given).__name__}; allowed: RpuConfig, TorchInferenceRPUConfig, a dictionary, a path"
        )
    return _fields_like(RpuConfig(), given)


def _fields_like(ours: Any, given: Any) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for entry in dataclasses.fields(ours):
        default = getattr(ours, entry.name)
        value = getattr(given, entry.name, default)
        if dataclasses.is_dataclass(default):
            nested[entry.name] = _fields_like(default, value)
        else:
            # Their enumerators go by their names.
            nested[entry.name] = getattr(value, "name", value)
    return nested
