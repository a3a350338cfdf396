"""calibrate_input_ranges() on networks of PyTorch, in place, against plain torch."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import rangefinder
from rangefinder.analog import InputRangeCalibrationType as Type
from rangefinder.analog import calibrate_input_ranges


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.c2 = torch.nn.Conv2d(8, 8, 3, padding=1, stride=2, dilation=2)
        self.fc = torch.nn.Linear(8 * 7 * 7, 10)

    def forward(self, x):
        x = torch.relu(self.c2(torch.relu(self.c1(x))))
        return self.fc(x.flatten(1))


class Sampler:
    """AIHWKIT-Lightning's convention."""

    def __init__(self, count, shape=(4, 3, 16, 16), **kwargs):
        self.count, self.shape, self.kwargs = count, shape, kwargs

    def __iter__(self):
        generator = torch.Generator().manual_seed(1)
        for _ in range(self.count):
            yield (torch.randn(*self.shape, generator=generator),), {}


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net().eval()


def inputs_of(net, sampler):
    """What each layer reads, by plain hooks."""
    seen = {}
    handles = [
        layer.register_forward_pre_hook(lambda layer, args, name=name: seen.setdefault(name, []).append(args[0]))
        for name, layer in net.named_children()
    ]
    with torch.no_grad():
        for args, kwargs in sampler:
            net(*args, **kwargs)
    for handle in handles:
        handle.remove()
    return seen


def test_max_is_the_largest_magnitude(net):
    found = calibrate_input_ranges(net, Type.MAX, Sampler(3), verbose=False)
    seen = inputs_of(net, Sampler(3))
    assert list(found) == ["c1", "c2", "fc"]
    for name, batches in seen.items():
        # With padding, stride and dilation c2 does not see every element.
        if name != "c2":
            assert found[name] == [max(float(batch.abs().max()) for batch in batches)]
        layer = getattr(net, name)
        assert layer.input_range.tolist() == found[name]
    unfolded = torch.nn.functional.unfold(torch.cat(seen["c2"]), 3, dilation=2, padding=1, stride=2)
    assert found["c2"] == [float(unfolded.abs().max())]


def test_quantile_is_that_of_the_magnitudes_of_all_rows(net):
    rows = inputs_of(net, Sampler(3))["fc"]
    rows = torch.cat(rows)
    found = calibrate_input_ranges(net, "cache_quantile", Sampler(3), quantile=0.9, verbose=False)
    assert found["fc"][0] == pytest.approx(float(rows.abs().quantile(0.9)), rel=1e-5)


def test_a_state_dict_stays_as_it_was(net):
    before = set(net.state_dict())
    calibrate_input_ranges(net, Type.MAX, Sampler(1), verbose=False)
    calibrate_input_ranges(net, Type.QUANTILE, Sampler(1), verbose=False)
    assert set(net.state_dict()) == before


def test_tiles_have_a_range_each(net, tmp_path):
    hardware = {"mapping": {"max_input_size": 150}}
    found = calibrate_input_ranges(net, Type.MAX, Sampler(1), verbose=False, rpu_config=hardware)
    (tmp_path / "hardware.json").write_text(json.dumps(hardware))
    same = calibrate_input_ranges(net, Type.MAX, Sampler(1), verbose=False, rpu_config=tmp_path / "hardware.json")
    assert same == found
    # 8 * 7 * 7 = 392 in three tiles, as even as possible.
    assert [len(ranges) for ranges in found.values()] == [1, 1, 3]
    rows = inputs_of(net, Sampler(1))["fc"][0].abs()
    tiles = torch.split(rows, [131, 131, 130], dim=1)
    assert found["fc"] == [float(tile.max()) for tile in tiles]


def test_mse_needs_a_resolution(net):
    with pytest.raises(ValueError, match="inp_res"):
        calibrate_input_ranges(net, Type.MSE, Sampler(1), verbose=False)
    found = calibrate_input_ranges(net, Type.MSE, Sampler(1), verbose=False, rpu_config={"forward": {"inp_res": 14}})
    most = calibrate_input_ranges(net, Type.MAX, Sampler(1), verbose=False)
    assert 0 < found["c1"][0] < most["c1"][0]


class Odd(torch.nn.Module):
    """Paddings, groups and calls that differ."""

    def __init__(self):
        super().__init__()
        self.same = torch.nn.Conv1d(2, 2, 4, padding="same", dilation=2)
        self.reflect = torch.nn.Conv1d(2, 4, 3, padding=2, padding_mode="reflect")
        self.grouped = torch.nn.Conv1d(4, 4, 3, groups=2)
        self.shared = torch.nn.Linear(4, 4)

    def forward(self, x, scale=1.0):
        x = self.grouped(self.reflect(self.same(x))).transpose(1, 2)
        return self.shared(self.shared(x) * scale)


def test_unusual_convolutions_and_shared_layers():
    torch.manual_seed(3)
    net = Odd().eval()
    x = torch.randn(2, 2, 12)
    seen = inputs_of(net, [((x,), {})])
    found = calibrate_input_ranges(net, Type.MAX, [((x,), {"scale": 1.0})], verbose=False)
    padded = torch.nn.functional.pad(seen["reflect"][0], (2, 2), mode="reflect")
    assert found["reflect"] == [float(padded.abs().max())]
    assert found["same"] == [float(x.abs().max())]
    assert found["grouped"] == [float(seen["grouped"][0].abs().max())]
    assert len(seen["shared"]) == 2
    assert found["shared"] == [max(float(call.abs().max()) for call in seen["shared"])]


def test_half_precision_keeps_its_type():
    net = torch.nn.Sequential(torch.nn.Linear(4, 4)).eval().to(torch.bfloat16)
    found = calibrate_input_ranges(net, Type.MAX, [((torch.full((2, 4), -2.5, dtype=torch.bfloat16),), {})], verbose=False)
    assert found == {"0": [2.5]}
    assert net[0].input_range.dtype is torch.bfloat16


def test_errors_name_the_layer_and_change_nothing(net):
    broken = [((torch.full((1, 3, 16, 16), float("nan")),), {})]
    with pytest.raises(rangefinder.Error, match="c1") as caught:
        calibrate_input_ranges(net, Type.MAX, broken, verbose=False)
    assert caught.value.node == "c1"
    with pytest.raises(rangefinder.Error, match="'c1' saw only zeros"):
        calibrate_input_ranges(net, Type.MAX, [((torch.zeros(1, 3, 16, 16),), {})], verbose=False)
    with pytest.raises(rangefinder.Error, match="was not called"):
        calibrate_input_ranges(net, Type.MAX, [], verbose=False)
    assert not hasattr(net.c1, "input_range")
    assert not net.c1._forward_pre_hooks


def test_what_the_network_throws_arrives_and_leaves_no_hooks(net):
    with pytest.raises(RuntimeError):
        calibrate_input_ranges(net, Type.MAX, [((torch.zeros(1, 5, 16, 16),), {})], verbose=False)
    assert not net.c1._forward_pre_hooks
    assert not hasattr(net.c1, "input_range")


def test_misuse_is_named(net):
    with pytest.raises(ValueError, match="training mode"):
        calibrate_input_ranges(net.train(), Type.MAX, Sampler(1), verbose=False)
    net.eval()
    with pytest.raises(TypeError, match="sample 0: tuple of 2"):
        calibrate_input_ranges(net, Type.MAX, [(torch.zeros(1), 3)], verbose=False)
    with pytest.raises(ValueError, match="calibration_type"):
        calibrate_input_ranges(net, "BEST", Sampler(1), verbose=False)
    with pytest.raises(TypeError, match="AnalogModel"):
        calibrate_input_ranges("model.onnx", Type.MAX, Sampler(1), verbose=False)
    for wrong, named in (({"samples": -1}, "samples"), ({"rpu_config": {"mapping": {"max_size": 4}}}, "mapping.max_size")):
        with pytest.raises(ValueError, match=named):
            calibrate_input_ranges(net, Type.MAX, Sampler(1), verbose=False, **wrong)
    with pytest.raises(ValueError, match="no layer"):
        calibrate_input_ranges(torch.nn.ReLU().eval(), Type.MAX, Sampler(1), verbose=False)
    with pytest.raises(NotImplementedError, match="'0': the matrices of LSTM"):
        calibrate_input_ranges(torch.nn.Sequential(torch.nn.LSTM(4, 4)).eval(), Type.MAX, Sampler(1), verbose=False)
    assert calibrate_input_ranges(net, Type.NONE, Sampler(1)) == {}


def test_an_endless_sampler_needs_a_limit(net):
    def endless():
        while True:
            yield (torch.ones(1, 3, 16, 16),), {}

    found = calibrate_input_ranges(net, Type.MAX, endless(), samples=2, verbose=False)
    assert found["c1"] == [1.0]


def test_layers_can_be_left_out(net):
    assert list(calibrate_input_ranges(net, Type.MAX, Sampler(1), exclude=["c*"], verbose=False)) == ["fc"]


def test_one_tensor_in_place_of_arguments(net):
    x = torch.ones(1, 3, 16, 16)
    assert calibrate_input_ranges(net, Type.MAX, [(x, {})], verbose=False)["c1"] == [1.0]


def test_a_dataset_that_answers_to_any_index_ends_with_its_length(net):
    class ByIndex:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return (torch.full((1, 3, 16, 16), 1.0 + index),), {}

    assert calibrate_input_ranges(net, Type.MAX, ByIndex(), verbose=False)["c1"] == [3.0]


def test_figures_do_not_depend_on_how_calls_are_cut(net):
    x = torch.randn(6, 3, 16, 16, generator=torch.Generator().manual_seed(5))
    whole = calibrate_input_ranges(net, Type.QUANTILE, [((x,), {})], quantile=0.99, verbose=False)
    parts = [((part,), {}) for part in x.split(2)]
    cut = calibrate_input_ranges(net, Type.QUANTILE, parts, quantile=0.99, verbose=False)
    # The first layer reads the very same values; behind it a convolution of two images may round otherwise.
    assert cut["c1"] == whole["c1"]
    np.testing.assert_allclose([cut[name][0] for name in cut], [whole[name][0] for name in whole], rtol=1e-5)
