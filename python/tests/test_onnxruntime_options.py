"""What the arguments of quantize_static() become, or that they are refused by name."""

from __future__ import annotations

import pytest

from rangefinder.onnxruntime import CalibrationMethod, QuantFormat, QuantType, _options


@pytest.mark.parametrize(
    "method, extra, expected",
    [
        (CalibrationMethod.MinMax, {}, {"method": "minmax"}),
        (CalibrationMethod.Entropy, {}, {"method": "kl"}),
        (CalibrationMethod.Percentile, {}, {"method": "percentile", "percentile": 0.99999}),
        (CalibrationMethod.Percentile, {"CalibPercentile": 99.9}, {"method": "percentile", "percentile": 0.999}),
        (CalibrationMethod.MinMax, {"CalibMovingAverage": True}, {"method": "mean-minmax"}),
    ],
)
def test_methods(method, extra, expected):
    assert _options.method_options(method, extra) == expected


def test_a_method_that_is_not_done():
    with pytest.raises(NotImplementedError, match="calibrate_method=Distribution"):
        _options.method_options(CalibrationMethod.Distribution, {})
    with pytest.raises(ValueError, match="CalibPercentile"):
        _options.method_options(CalibrationMethod.Percentile, {"CalibPercentile": 0})


@pytest.mark.parametrize(
    "name, value",
    [
        ("ActivationSymmetric", True),
        ("WeightSymmetric", False),
        ("EnableSubgraph", True),
        ("AddQDQPairToWeight", True),
        ("OpTypesToExcludeOutputQuantization", ["Conv"]),
        ("QDQOpTypePerChannelSupportToAxis", {"MatMul": 0}),
        ("CalibTensorRangeSymmetric", True),
        ("SmoothQuant", True),
        ("UseQDQContribOps", True),
        ("MinimumRealRange", 0.1),
        ("TensorQuantOverrides", {"x": [{"scale": 1.0}]}),
        ("QDQKeepRemovableActivations", True),
        ("QuantizeBias", False),
    ],
)
def test_options_that_would_change_the_model_are_refused_by_name(name, value):
    with pytest.raises(NotImplementedError, match=name):
        _options.require_known({name: value})


def test_options_at_their_defaults_pass():
    _options.require_known(
        {
            "ActivationSymmetric": False,
            "WeightSymmetric": True,
            "QDQOpTypePerChannelSupportToAxis": {"MatMul": 1},
            "CalibMaxIntermediateOutputs": 16,
            "MatMulConstBOnly": True,
            "TensorQuantOverrides": {},
            "MinimumRealRange": None,
        }
    )


def test_an_option_that_nobody_knows():
    with pytest.raises(ValueError, match="ActivationSymetric"):
        _options.require_known({"ActivationSymetric": True})


def test_types():
    substitutes = _options.Substitutes()
    substitutes.activations(QuantType.QUInt8)
    substitutes.weights(QuantType.QInt8)
    substitutes.providers(["CPUExecutionProvider"])
    assert substitutes.notes == []
    substitutes.activations(QuantType.QInt8)
    substitutes.weights(QuantType.QUInt8)
    substitutes.providers([("CUDAExecutionProvider", {})])
    assert len(substitutes.notes) == 3
    with pytest.raises(NotImplementedError, match="activation_type=QInt16"):
        substitutes.activations(QuantType.QInt16)
    with pytest.raises(NotImplementedError, match="weight_type=QInt4"):
        substitutes.weights(QuantType.QInt4)
    with pytest.raises(NotImplementedError, match="quant_format=QOperator"):
        _options.require_format(QuantFormat.QOperator)
