"""Where `ppq.api.setting` has them."""

from rangefinder.ppq import (
    ActivationQuantizationSetting,
    BiasCorrectionSetting,
    DispatchingTable,
    EqualizationSetting,
    LSQSetting,
    ParameterQuantizationSetting,
    QuantizationFusionSetting,
    QuantizationSetting,
    QuantizationSettingFactory,
)

__all__ = [
    "ActivationQuantizationSetting",
    "BiasCorrectionSetting",
    "DispatchingTable",
    "EqualizationSetting",
    "LSQSetting",
    "ParameterQuantizationSetting",
    "QuantizationFusionSetting",
    "QuantizationSetting",
    "QuantizationSettingFactory",
]
