"""What the arguments of quantize_static() become: each is done, or refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._names import name_of

#: Of `calibrate_method`.
METHODS = {"MinMax": "minmax", "Entropy": "kl", "Percentile": "percentile"}

#: Entries of `extra_options` that may have these values alone: others would change the model in a way that is not done.
_ONLY: dict[str, tuple[Any, ...]] = {
    "ActivationRestrictedAsymmetric": (False,),
    "ActivationSymmetric": (False,),
    "AddQDQPairToWeight": (False,),
    "BlockSize": (0,),
    "CalibTensorRangeSymmetric": (False,),
    "DedicatedQDQPair": (False,),
    "EnableSubgraph": (False,),
    "ForceQuantizeNoInputCheck": (False,),
    "MinimumRealRange": (None,),
    "OpTypesToExcludeOutputQuantization": ([], ()),
    "QDQDisableWeightAdjustForInt32Bias": (False,),
    "QDQKeepRemovableActivations": (False,),
    # Scales of weights lie along the output channels; of a MatMul that is axis 1.
    "QDQOpTypePerChannelSupportToAxis": ({}, {"MatMul": 1}),
    "QuantizeBias": (True,),
    "SmoothQuant": (False,),
    "TensorQuantOverrides": ({},),
    "UseQDQContribOps": (False,),
    "WeightSymmetric": (True, None),
    "extra.Sigmoid.nnapi": (False,),
}

#: Entries without an effect here: memory does not grow with the samples, and types are always known. The last two tune
#: SmoothQuant, which must be off.
_NEEDLESS = {
    "CalibMaxIntermediateOutputs",
    "DefaultTensorType",
    "SmoothQuantAlpha",
    "SmoothQuantFolding",
}

#: Entries that method_options() and the choice of nodes read.
_DONE = {"CalibMovingAverage", "CalibMovingAverageConstant", "CalibPercentile", "CalibStridedMinMax", "MatMulConstBOnly"}


@dataclass
class Substitutes:
    """What is written instead of what was asked for, said once a call."""

    notes: list[str] = field(default_factory=list)

    def activations(self, given: Any) -> None:
        if name_of(given) == "QInt8":
            self.notes.append("activation_type=QInt8: uint8 is written, since int8 keeps ONNX Runtime from fusing")
        elif name_of(given) != "QUInt8":
            raise NotImplementedError(f"activation_type={name_of(given)}; allowed: QUInt8, QInt8")

    def weights(self, given: Any) -> None:
        if name_of(given) == "QUInt8":
            self.notes.append("weight_type=QUInt8: int8 is written")
        elif name_of(given) != "QInt8":
            raise NotImplementedError(f"weight_type={name_of(given)}; allowed: QInt8, QUInt8")

    def providers(self, given: Any) -> None:
        names = [entry if isinstance(entry, str) else entry[0] for entry in given or []]
        if names and "CPUExecutionProvider" not in names:
            self.notes.append(f"calibration_providers={names}: calibration runs on the CPU")

    def text(self) -> str:
        return "quantize_static: " + "; ".join(self.notes)


def require_format(quant_format: Any) -> None:
    if name_of(quant_format) != "QDQ":
        raise NotImplementedError(f"quant_format={name_of(quant_format)}; allowed: QDQ")


def require_known(extra_options: Mapping[str, Any]) -> None:
    """Throws NotImplementedError for an entry that is not done, ValueError for one that nobody knows."""
    for name, value in extra_options.items():
        if name in _ONLY:
            if not any(type(value) is type(allowed) and value == allowed for allowed in _ONLY[name]):
                allowed = " or ".join(repr(each) for each in _ONLY[name])
                raise NotImplementedError(f"extra_options['{name}']={value!r}; allowed: {allowed}")
        elif name not in _NEEDLESS and name not in _DONE:
            raise ValueError(f"extra_options['{name}']; allowed: {', '.join(sorted(_DONE | _NEEDLESS | set(_ONLY)))}")


def method_options(calibrate_method: Any, extra_options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of rangefinder.quantize() that say how ranges are found."""
    word = name_of(calibrate_method)
    if word not in METHODS:
        raise NotImplementedError(f"calibrate_method={word}; allowed: {', '.join(METHODS)}")
    options: dict[str, Any] = {"method": METHODS[word]}
    if word == "Percentile":
        options["percentile"] = _share(extra_options.get("CalibPercentile", 99.999))
    if word == "MinMax" and extra_options.get("CalibMovingAverage"):
        if extra_options.get("CalibStridedMinMax"):
            # Theirs weighs every stride by CalibMovingAverageConstant.
            raise NotImplementedError("extra_options['CalibStridedMinMax'] together with 'CalibMovingAverage'")
        options["method"] = "mean-minmax"
    return options


def _share(percent: float) -> float:
    if not 0 < percent <= 100:
        raise ValueError(f"extra_options['CalibPercentile']={percent!r}; allowed: above 0, up to 100")
    # 99.999 / 100 is not the number that 0.99999 is.
    return float(f"{percent / 100:.15g}")
