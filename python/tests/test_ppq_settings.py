"""Each field of PPQ's settings is done or refused by its name."""

from __future__ import annotations

import pytest

from rangefinder.ppq import QuantizationSettingFactory, TargetPlatform
from rangefinder.ppq._settings import float_operations, require_done
from rangefinder.ppq.core import common


def test_defaults_pass():
    for make in ("default_setting", "pplcuda_setting", "trt_setting", "mnn_setting", "nxp_setting"):
        require_done(getattr(QuantizationSettingFactory, make)())


@pytest.mark.parametrize(
    "path, value",
    [
        ("dispatcher", "pplnn"),
        ("equalization", True),
        ("ssd_equalization", True),
        ("weight_split", True),
        ("channel_split", True),
        ("matrix_factorization", True),
        ("lsq_optimization", True),
        ("blockwise_reconstruction", True),
        ("extension", True),
        ("quantize_parameter", False),
        ("fusion", False),
        ("fusion_setting.align_concat_to", "None"),
        ("quantize_parameter_setting.calib_algorithm", "kl"),
        ("quantize_parameter_setting.quantize_passive_parameter", False),
    ],
)
def test_what_is_not_done_is_named(path, value):
    setting = QuantizationSettingFactory.default_setting()
    owner = setting
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    setattr(owner, name, value)
    with pytest.raises(NotImplementedError, match=f"setting.{path}="):
        require_done(setting)


def test_presets_that_switch_on_what_is_not_done():
    for make, field in (("dsp_setting", "equalization"), ("ncnn_setting", "fusion"), ("fpga_setting", "equalization")):
        with pytest.raises(NotImplementedError, match=field):
            require_done(getattr(QuantizationSettingFactory, make)())


def test_what_tunes_a_thing_that_is_off_passes():
    setting = QuantizationSettingFactory.default_setting()
    setting.lsq_optimization_setting.lr = 1e-3
    setting.equalization_setting.opt_level = 2
    setting.bias_correct_setting.block_size = 1
    setting.quantize_parameter_setting.calib_algorithm = "MinMax"
    setting.quantize_parameter_setting.baking_parameter = False
    require_done(setting)
    setting.bias_correct = True
    with pytest.raises(NotImplementedError, match="bias_correct_setting.block_size=1"):
        require_done(setting)


def test_a_field_that_ppq_does_not_know():
    setting = QuantizationSettingFactory.default_setting()
    with pytest.raises(AttributeError, match="quantise_activation"):
        setting.quantise_activation = True


def test_dispatching():
    setting = QuantizationSettingFactory.default_setting()
    setting.dispatching_table.append("a", TargetPlatform.FP32)
    setting.dispatching_table.append("b", TargetPlatform.SOI)
    setting.dispatching_table.append("c", TargetPlatform.INT8)
    assert float_operations(setting) == ["a", "b"]
    setting.dispatching_table.append("d", TargetPlatform.PPL_CUDA_INT4)
    with pytest.raises(NotImplementedError, match=r"\['d'\]=PPL_CUDA_INT4"):
        float_operations(setting)
    with pytest.raises(TypeError, match="'e'"):
        setting.dispatching_table.append("e", "FP32")


def test_settings_as_json():
    setting = QuantizationSettingFactory.default_setting()
    setting.quantize_activation_setting.calib_algorithm = "kl"
    setting.dispatching_table.append("a", TargetPlatform.FP32)
    assert QuantizationSettingFactory.from_json(setting.to_json()) == setting
    with pytest.raises(ValueError, match="setting.quantize_activation_setting.algorithm"):
        QuantizationSettingFactory.from_json({"quantize_activation_setting": {"algorithm": "kl"}})


def test_constants(monkeypatch):
    assert common.percentile() == 0.9999
    monkeypatch.setattr(common, "OBSERVER_PERCENTILE", 0.9995)
    assert common.percentile() == 0.9995
    monkeypatch.setattr(common, "OBSERVER_KL_HIST_BINS", 8192)
    with pytest.raises(NotImplementedError, match="OBSERVER_KL_HIST_BINS=8192"):
        common.percentile()
