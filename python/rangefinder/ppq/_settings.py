"""PPQ's settings, field by field: what each becomes, or that it is not done."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ._platforms import TargetPlatform


@dataclass(slots=True)
class ActivationQuantizationSetting:
    #: A calibration method; None is PPQ's default, percentile.
    calib_algorithm: str | None = None


@dataclass(slots=True)
class ParameterQuantizationSetting:
    calib_algorithm: str | None = None
    quantize_passive_parameter: bool = True
    #: Whether PPQ's simulator holds restored weights; the model that is written is the same.
    baking_parameter: bool = True


@dataclass(slots=True)
class QuantizationFusionSetting:
    remove_useless_quantization: bool = True
    fuse_activation: bool = True
    fuse_passive_op: bool = True
    align_quantization: bool = True
    align_avgpooling_to: str = "None"
    align_elementwise_to: str = "Align to Large"
    align_concat_to: str = "Align to Output"
    align_resize_to: str = "Align to Output"
    force_alignment_overlap: bool = True


@dataclass(slots=True)
class BiasCorrectionSetting:
    interested_layers: list[str] = field(default_factory=list)
    block_size: int = 4
    steps: int = 32
    collecting_device: str = "executor"


@dataclass(slots=True)
class EqualizationSetting:
    opt_level: int = 1
    iterations: int = 10
    value_threshold: float = 0.5
    including_bias: bool = False
    bias_multiplier: float = 0.5
    including_act: bool = False
    act_multiplier: float = 0.5


@dataclass(slots=True)
class LSQSetting:
    interested_layers: list[str] = field(default_factory=list)
    lr: float = 1e-5
    collecting_device: str = "cuda"
    steps: int = 500
    is_scale_trainable: bool = True
    gamma: float = 0.0
    block_size: int = 4


@dataclass(slots=True)
class DispatchingTable:
    """Operations by name (or a pattern: *, ?) and where they shall run."""

    dispatchings: dict[str, int] = field(default_factory=dict)

    def append(self, operation: str, platform: Any) -> None:
        value = getattr(platform, "value", platform)
        if not isinstance(value, int):
            raise TypeError(f"platform of '{operation}': {platform!r}; allowed: a TargetPlatform")
        self.dispatchings[operation] = value


@dataclass(slots=True)
class QuantizationSetting:
    """What quantize_*_model() does beside calibration. A field that is not done raises NotImplementedError there; one
    that PPQ does not know is an AttributeError here."""

    dispatcher: str = "conservative"
    ssd_equalization: bool = False
    equalization: bool = False
    equalization_setting: EqualizationSetting = field(default_factory=EqualizationSetting)
    weight_split: bool = False
    channel_split: bool = False
    matrix_factorization: bool = False
    quantize_activation: bool = True
    quantize_activation_setting: ActivationQuantizationSetting = field(default_factory=ActivationQuantizationSetting)
    quantize_parameter: bool = True
    quantize_parameter_setting: ParameterQuantizationSetting = field(default_factory=ParameterQuantizationSetting)
    lsq_optimization: bool = False
    lsq_optimization_setting: LSQSetting = field(default_factory=LSQSetting)
    blockwise_reconstruction: bool = False
    bias_correct: bool = False
    bias_correct_setting: BiasCorrectionSetting = field(default_factory=BiasCorrectionSetting)
    fusion: bool = True
    fusion_setting: QuantizationFusionSetting = field(default_factory=QuantizationFusionSetting)
    extension: bool = False
    dispatching_table: DispatchingTable = field(default_factory=DispatchingTable)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True, indent=4)


class QuantizationSettingFactory:
    """PPQ's presets. Those of other platforms switch on what is not done, and say so when they are used."""

    @staticmethod
    def default_setting() -> QuantizationSetting:
        return QuantizationSetting()

    trt_setting = pplcuda_setting = mnn_setting = nxp_setting = default_setting

    @staticmethod
    def academic_setting() -> QuantizationSetting:
        return QuantizationSetting(fusion=False)

    ncnn_setting = ascend_setting = academic_setting

    @staticmethod
    def dsp_setting() -> QuantizationSetting:
        return QuantizationSetting(equalization=True, equalization_setting=EqualizationSetting(iterations=3))

    @staticmethod
    def metax_pertensor_setting() -> QuantizationSetting:
        return QuantizationSetting(equalization=True)

    @staticmethod
    def fpga_setting() -> QuantizationSetting:
        return QuantizationSetting(equalization=True, equalization_setting=EqualizationSetting(including_bias=True))

    @staticmethod
    def from_json(text: str | dict[str, Any]) -> QuantizationSetting:
        """Of to_json(). Throws ValueError naming a field that is not known."""
        setting = QuantizationSetting()
        _assign(setting, json.loads(text) if isinstance(text, str) else text, "setting")
        return setting


def _assign(setting: Any, fields: dict[str, Any], where: str) -> None:
    for name, value in fields.items():
        if not hasattr(setting, name):
            raise ValueError(f"{where}.{name}: not known")
        if dataclasses.is_dataclass(getattr(setting, name)):
            _assign(getattr(setting, name), value, f"{where}.{name}")
        else:
            setattr(setting, name, value)


#: Switches that must be as they are by default.
_MUST_BE_OFF = (
    "ssd_equalization",
    "equalization",
    "weight_split",
    "channel_split",
    "matrix_factorization",
    "lsq_optimization",
    "blockwise_reconstruction",
    "extension",
)


def refusals(setting: QuantizationSetting) -> Iterator[str]:
    """`setting.<field>=<value>; allowed: <value>` for each field whose value is not done."""
    default = QuantizationSetting()
    for name in ("dispatcher", "quantize_parameter", "fusion", *_MUST_BE_OFF):
        if getattr(setting, name) != getattr(default, name):
            yield f"setting.{name}={getattr(setting, name)!r}; allowed: {getattr(default, name)!r}"
    yield from _differing(setting.fusion_setting, QuantizationFusionSetting(), "setting.fusion_setting")
    parameters = setting.quantize_parameter_setting
    if (parameters.calib_algorithm or "minmax").lower() != "minmax":
        yield f"setting.quantize_parameter_setting.calib_algorithm={parameters.calib_algorithm!r}; allowed: 'minmax'"
    if not parameters.quantize_passive_parameter:
        yield "setting.quantize_parameter_setting.quantize_passive_parameter=False; allowed: True"
    if setting.bias_correct:
        yield from _differing(setting.bias_correct_setting, BiasCorrectionSetting(), "setting.bias_correct_setting")


def _differing(given: Any, default: Any, where: str) -> Iterator[str]:
    for entry in dataclasses.fields(default):
        value, allowed = getattr(given, entry.name), getattr(default, entry.name)
        # Where something is computed changes no model.
        if value != allowed and entry.name != "collecting_device":
            yield f"{where}.{entry.name}={value!r}; allowed: {allowed!r}"


def require_done(setting: QuantizationSetting) -> None:
    """Throws NotImplementedError naming the first field that is not done."""
    for refusal in refusals(setting):
        raise NotImplementedError(refusal)


def float_operations(setting: QuantizationSetting) -> list[str]:
    """What the dispatching table sends to FP32. Throws NotImplementedError for other platforms."""
    names = []
    for operation, value in setting.dispatching_table.dispatchings.items():
        platform = TargetPlatform(value)
        if platform in (TargetPlatform.FP32, TargetPlatform.SOI):
            names.append(operation)
        elif platform not in (TargetPlatform.INT8, TargetPlatform.UNSPECIFIED):
            raise NotImplementedError(
                f"setting.dispatching_table['{operation}']={platform.name}; allowed: FP32, SOI, INT8, UNSPECIFIED"
            )
    return names
