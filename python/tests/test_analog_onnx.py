"""convert_to_analog(), calibrate_input_ranges() and ranges on ONNX models."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rangefinder
from rangefinder.analog import (
    InputRangeCalibrationType,
    RpuConfig,
    calibrate_input_ranges,
    compare_analog,
    convert_to_analog,
    input_ranges,
)
from rangefinder.analog._carry import module_of
from rangefinder.analog._hardware import fields_of
from rangefinder.analog._types import type_of


def eight_bits():
    rpu_config = RpuConfig()
    rpu_config.forward.inp_res = 2**8 - 2
    return rpu_config


@pytest.fixture
def calibrated(cnn, samples):
    analog = convert_to_analog(cnn, eight_bits())
    calibrate_input_ranges(analog, InputRangeCalibrationType.MAX, [((x,), {}) for x in samples[:8]], verbose=False)
    return analog


def test_args_kwargs_and_plain_samples_are_the_same(cnn, samples, calibrated):
    for data in ([((), {"input": x}) for x in samples[:8]], samples[:8], [([x], {}) for x in samples[:8]]):
        analog = convert_to_analog(cnn, eight_bits())
        found = calibrate_input_ranges(analog, "max", data, verbose=False)
        assert found == {layer.name: layer.input_range for layer in calibrated.layers}
    first = next(iter(found.values()))
    assert first == [max(float(x.max()) for x in samples[:8])]


def test_the_program_gives_the_same_bytes(cnn, calibrated, samples, program, tmp_path):
    (tmp_path / "rpu.json").write_text('{"forward": {"inp_res": 254}}')
    folder = tmp_path / "samples"
    folder.mkdir()
    for index, x in enumerate(samples[:8]):
        np.save(folder / f"{index}.npy", x)
    program(
        "analog", "calibrate", cnn, "--data", folder, "--type", "max", "--rpu-config", tmp_path / "rpu.json", "-o", tmp_path / "a.onnx"
    )
    assert calibrated.to_bytes() == (tmp_path / "a.onnx").read_bytes()


def test_saved_compared_and_loaded_again(cnn, calibrated, samples, tmp_path):
    calibrated.save(tmp_path / "a.onnx", ranges=tmp_path / "r.json")
    comparison = compare_analog(cnn, tmp_path / "a.onnx", samples[8:12], progress=False)
    assert all(row["sqnr_db"] > 20 for row in comparison.to_dict()["outputs"])
    again = convert_to_analog(cnn, eight_bits())
    again.load_ranges(tmp_path / "r.json")
    assert again.to_bytes() == calibrated.to_bytes()
    assert "Conv" in repr(calibrated)


def test_ranges_by_module(calibrated, tmp_path):
    calibrated.save(tmp_path / "a.onnx", ranges=tmp_path / "r.npz")
    of_model, of_file = input_ranges(calibrated), input_ranges(tmp_path / "r.npz")
    assert set(of_model) == set(of_file)
    for name, ranges in of_model.items():
        np.testing.assert_array_equal(ranges, of_file[name])


def test_hardware_from_anything(cnn, tmp_path):
    nested = {"mapping": {"max_input_size": 16}, "exclude": ["*Gemm"]}
    (tmp_path / "rpu.json").write_text(json.dumps(nested))
    slices = [layer.slices for layer in convert_to_analog(cnn, nested).layers]
    assert all(max(widths) <= 16 for widths in slices)
    assert [layer.slices for layer in convert_to_analog(cnn, tmp_path / "rpu.json").layers] == slices
    fewer = convert_to_analog(cnn, tmp_path / "rpu.json", exclude_modules=["/0/*"])
    assert len(fewer.layers) == len(slices) - 1
    config = RpuConfig()
    config.mapping.max_input_size = 16
    assert [layer.slices for layer in convert_to_analog(cnn, config).layers][: len(slices)] == slices


class Enumerator:
    """Stands for theirs."""

    def __init__(self, name):
        self.name = name


class Fields:
    def __init__(self, **fields):
        self.__dict__.update(fields)


def test_their_objects_are_read_field_by_field():
    theirs = Fields(
        forward=Fields(inp_res=254, out_noise=0.1, out_noise_per_channel=True, out_bound=12.0, out_res=-1),
        pre_post=Fields(input_range=Fields(enable=False, dynamic=False, decay=0.1, init_value=2.0, init_std_alpha=4.0)),
        mapping=Fields(max_input_size=512),
        modifier=Fields(noise_type=Enumerator("ADD_NORMAL"), std_dev=0.03, quantization_type=Enumerator("NONE"), res=0.0),
        clip=Fields(type=Enumerator("LAYER_GAUSSIAN"), sigma=2.5),
        drift_compensation=None,
    )
    fields = fields_of(theirs)
    assert fields["forward"]["inp_res"] == 254
    assert fields["pre_post"]["input_range"] == {"enable": False, "dynamic": False, "init_value": 2.0, "init_std_alpha": 4.0}
    assert fields["modifier"]["noise_type"] == "ADD_NORMAL"
    assert fields["clip"] == {"type": "LAYER_GAUSSIAN", "sigma": 2.5}
    with pytest.raises(TypeError, match="rpu_config: int"):
        fields_of(3)


def test_types_by_any_name():
    assert type_of("moving-quantile") is InputRangeCalibrationType.MOVING_QUANTILE
    assert type_of("InputRangeCalibrationType.CACHE_QUANTILE") is InputRangeCalibrationType.CACHE_QUANTILE
    assert type_of(Enumerator("MAX")) is InputRangeCalibrationType.MAX


def test_modules_from_the_names_of_nodes():
    layers = ["0.0", "features.0.conv", "features.1.conv", "heads.left", "fc"]
    modules = ["", "0", "features", "features.0", "features.1", "heads", *layers]
    assert module_of("/0/0.0/Conv", layers, modules) == "0.0"
    assert module_of("/features/features.1/conv/Conv", layers, modules) == "features.1.conv"
    # A ModuleDict has no call of its own and leaves no trace.
    assert module_of("/left/Gemm", layers, modules) == "heads.left"
    assert module_of("/features.0/conv/Conv_1", layers, modules) == "features.0.conv"
    assert module_of("fc", layers, modules) == "fc"
    for name in ("/conv/Conv", "/other/Conv", "conv1", "/features/Conv"):
        with pytest.raises(ValueError, match=f"'{name}' belongs to no layer"):
            module_of(name, layers, modules)


def test_misuse_is_named(cnn, samples, calibrated):
    with pytest.raises(NotImplementedError, match="conversion_map"):
        convert_to_analog(cnn, conversion_map={})
    with pytest.raises(TypeError, match="compat"):
        calibrate_input_ranges(calibrated, "max", samples, compat="aihwkit", verbose=False)
    with pytest.raises(ValueError, match="compat"):
        convert_to_analog(cnn, compat="other")
    with pytest.raises(ValueError, match="forward"):
        convert_to_analog(cnn, {"forward": {"inp_rest": 3}})
    before = calibrated.to_bytes()
    with pytest.raises(rangefinder.Error):
        calibrate_input_ranges(calibrated, "max", [np.full((1, 1, 28, 28), np.nan, np.float32)], verbose=False)
    assert calibrated.to_bytes() == before
    with pytest.raises(ValueError, match="name of a file"):
        calibrated.save("")
    assert calibrated.table().splitlines()[0] in calibrated._repr_html_()
    with pytest.raises(ValueError, match="no layer has an input range"):
        input_ranges(convert_to_analog(cnn))


def test_ranges_go_to_torch_and_back(cnn, calibrated):
    torch = pytest.importorskip("torch")
    from rangefinder.analog import load_input_ranges

    import onnx

    graph = onnx.load(cnn).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    net = torch.nn.Sequential()
    for node in graph.node:
        # "/0/0.0/Conv" is the first module of the block "0", "/8/Gemm" the module "8".
        if node.op_type == "Conv":
            outputs, inputs, *kernel = shapes[node.input[1]]
            net.add_module(node.name.split("/")[1], torch.nn.Sequential(torch.nn.Conv2d(inputs, outputs, kernel)))
        elif node.op_type == "Gemm":
            outputs, inputs = shapes[node.input[1]]
            net.add_module(node.name.split("/")[1], torch.nn.Linear(inputs, outputs))
    went = load_input_ranges(net, calibrated)
    assert set(went.values()) == {name for name, module in net.named_modules() if hasattr(module, "weight")}
    back = input_ranges(net)
    ours = input_ranges(calibrated)
    assert sorted(float(ranges[0]) for ranges in back.values()) == sorted(float(ranges[0]) for ranges in ours.values())
    with pytest.raises(ValueError, match="belongs to no layer"):
        load_input_ranges(net, {"nowhere.input_range": [1.0]})
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="allowed: finite"):
            load_input_ranges(net, {**ours, next(reversed(ours)): [wrong]})
    assert {name: ranges.tolist() for name, ranges in input_ranges(net).items()} == {
        name: ranges.tolist() for name, ranges in back.items()
    }
