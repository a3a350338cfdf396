"""calibrate_input_ranges() on AIHWKIT-Lightning's modules, beside its own."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")
import torch1  # noqa: E402,F401

pytest.importorskip("aihwkit_lightning")
from aihwkit_lightning.inference.calibration import InputRangeCalibrationType as Theirs
from aihwkit_lightning.inference.calibration import calibrate_input_ranges as theirs
from aihwkit_lightning.nn import AnalogLinear, AnalogLSTMCell, AnalogRNN
from aihwkit_lightning.simulator.configs import TorchInferenceRPUConfig

from test_devices_torch import OnCard, card  # noqa: F401

import rangefinder
from rangefinder.analog import InputRangeCalibrationType as Type
from rangefinder.analog import calibrate_input_ranges, convert_to_analog

X1 = torch.tensor([[1, -4, 2, 0.5], [0, 0, 0, 0], [3, 1, -1, 2.5]])
X2 = torch.tensor([[-6.0, 0, 1, 1]])
CALLS = [((X1,), {}), ((), {"inp": X2})]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.c2 = torch.nn.Conv2d(8, 8, 3, padding=1, stride=2)
        self.fc = torch.nn.Linear(8 * 8 * 8, 10)

    def forward(self, x):
        return self.fc(torch.relu(self.c2(torch.relu(self.c1(x)))).flatten(1))


class Sampler:
    def __init__(self, count, rows=2):
        self.count, self.rows = count, rows

    def __iter__(self):
        generator = torch.Generator().manual_seed(1)
        for _ in range(self.count):
            yield (torch.randn(self.rows, 3, 16, 16, generator=generator),), {}


def config(max_input_size=-1):
    rpu_config = TorchInferenceRPUConfig()
    rpu_config.mapping.max_input_size = max_input_size
    return rpu_config


@pytest.fixture
def analog():
    torch.manual_seed(0)
    return convert_to_analog(Net().eval(), config(200)).eval()


def linear(max_input_size=-1):
    torch.manual_seed(0)
    return AnalogLinear(4, 3, rpu_config=config(max_input_size)).eval()


@pytest.mark.parametrize("tiles", [-1, 2])
@pytest.mark.parametrize(
    "kind, quantile", [("MAX", 1.0), ("MOVING_QUANTILE", 0.75), ("MOVING_QUANTILE", 1.0), ("MOVING_STD", 1.0), ("CACHE_QUANTILE", 0.75)]
)
def test_one_layer_as_theirs(kind, quantile, tiles):
    reference, layer = _pair(tiles)
    # Theirs calibrates what has analog_layers().
    theirs(reference, Theirs[kind], CALLS, quantile=quantile, verbose=False)
    calibrate_input_ranges(layer, Theirs[kind], CALLS, quantile=quantile, verbose=False, compat="aihwkit")
    torch.testing.assert_close(layer.input_range.data, reference.input_range.data, rtol=1e-6, atol=0)


def _pair(tiles):
    reference = linear(tiles)
    return reference, copy.deepcopy(reference)


@pytest.mark.parametrize("kind, quantile", [("MAX", 1.0), ("MOVING_QUANTILE", 0.999), ("MOVING_STD", 1.0)])
def test_a_network_as_theirs(analog, kind, quantile):
    """Every layer: those behind others see the same clipped inputs."""
    reference = copy.deepcopy(analog)
    theirs(reference, Theirs[kind], Sampler(5), quantile=quantile, verbose=False)
    calibrate_input_ranges(analog, Type[kind], Sampler(5), quantile=quantile, verbose=False, compat="aihwkit")
    for ours, other in zip(analog.analog_layers(), reference.analog_layers(), strict=True):
        torch.testing.assert_close(ours.input_range.data, other.input_range.data, rtol=2e-5, atol=0)


def cached(network, calls):
    """What AIHWKIT-Lightning caches: for each layer the values of each tile, sorted, without rows of zeros."""
    rows = {layer: [] for layer in network.analog_layers()}

    def keep(layer, args):
        x = args[0]
        if hasattr(layer, "kernel_size"):
            unfolded = torch.nn.functional.unfold(x, layer.kernel_size, layer.dilation, layer.padding, layer.stride)
            x = unfolded.transpose(-1, -2)
        x = x.reshape(-1, x.size(-1))
        rows[layer].append(x[~(x == 0).all(-1)])

    hooks = [layer.register_forward_pre_hook(keep) for layer in rows]
    with torch.no_grad():
        for args, kwargs in calls:
            network(*args, **kwargs)
    for hook in hooks:
        hook.remove()
    return [
        [tile.double().flatten().sort().values for tile in torch.cat(kept).split(list(layer.in_sizes), dim=1)]
        for layer, kept in rows.items()
    ]


def rounding_of_quantile(values, quantile):
    """How far two quantiles may be apart whose rank quantile * (count - 1) was rounded once or twice to float32, as
    PyTorch did up to 2.6 and does less in 2.15: |error of the rank| <= 2 u rank, u = 2^-24, times the step from one value to
    the next around it; and the interpolation's own, three operations on numbers not above the largest neighbour."""
    rank = quantile * (len(values) - 1)
    around = values[max(int(rank) - 1, 0) : int(rank) + 3]
    return 2**-23 * rank * float(around.diff().max()) + 3 * 2**-24 * float(around.abs().max())


def test_kept_rows_as_theirs(analog):
    """As long as no row must go, rows are kept in both."""
    reference = copy.deepcopy(analog)
    kept = cached(copy.deepcopy(analog), Sampler(3))
    arguments = {"quantile": 0.999, "max_samples": 100_000, "verbose": False}
    theirs(reference, Theirs.CACHE_QUANTILE, Sampler(3), **arguments)
    calibrate_input_ranges(analog, Theirs.CACHE_QUANTILE, Sampler(3), compat="aihwkit", **arguments)
    for ours, other, tiles in zip(analog.analog_layers(), reference.analog_layers(), kept, strict=True):
        bounds = [rounding_of_quantile(values, 0.999) for values in tiles]
        differences = (ours.input_range.data - other.input_range.data).abs().tolist()
        assert all(difference <= bound for difference, bound in zip(differences, bounds, strict=True)), (differences, bounds)
        assert max(bounds) < 2e-4 * float(ours.input_range.data.max()), "the bound tells something"


def test_where_theirs_is_right_ours_is_the_same(analog):
    reference = copy.deepcopy(analog)
    theirs(reference, Theirs.MAX, Sampler(3), verbose=False)
    calibrate_input_ranges(analog, Theirs.MAX, Sampler(3), verbose=False)
    for ours, other in zip(analog.analog_layers(), reference.analog_layers(), strict=True):
        assert ours.input_range.tolist() == other.input_range.tolist()


def test_negative_inputs_have_a_range():
    """Theirs takes the quantile with its sign: a negative range, and outputs without meaning."""
    reference, layer = _pair(-1)
    calls = [((-torch.rand(64, 4, generator=torch.Generator().manual_seed(2)) - 0.5,), {})]
    theirs(reference, Theirs.CACHE_QUANTILE, calls, quantile=0.99, verbose=False)
    assert reference.input_range.item() < 0
    calibrate_input_ranges(layer, Theirs.CACHE_QUANTILE, calls, quantile=0.99, verbose=False)
    assert layer.input_range.item() == pytest.approx(float(calls[0][0][0].abs().quantile(0.99)), rel=1e-5)


def test_the_network_runs_with_eight_bits_and_can_be_trained(analog):
    calibrate_input_ranges(analog, Type.CACHE_QUANTILE, Sampler(3), verbose=False)
    x = next(iter(Sampler(1)))[0][0]
    exact = analog(x)
    for layer in analog.analog_layers():
        assert layer.rpu_config.pre_post.input_range.enable
        layer.rpu_config.forward.inp_res = 2**8 - 2
    rounded = analog(x)
    assert 0 < float((rounded - exact).abs().max()) < 0.05 * float(exact.abs().max())
    analog.train()(x).sum().backward()
    for layer in analog.analog_layers():
        assert torch.isfinite(layer.input_range).all()
        assert torch.isfinite(layer.input_range.grad).all()


def test_it_may_be_called_again_and_with_converters_on(analog):
    once = calibrate_input_ranges(analog, Type.MAX, Sampler(2), verbose=False)
    for layer in analog.analog_layers():
        layer.rpu_config.forward.inp_res = 2**4 - 2
        layer.rpu_config.forward.out_bound = 10.0
        layer.rpu_config.forward.out_res = 2**8 - 2
    again = calibrate_input_ranges(analog, Type.MAX, Sampler(2), verbose=False)
    assert again == once
    for layer in analog.analog_layers():
        forward = layer.rpu_config.forward
        assert (forward.inp_res, forward.out_bound, forward.out_res) == (14, 10.0, 254)


def test_a_state_dict_loads_into_a_network_made_with_ranges(analog):
    found = calibrate_input_ranges(analog, Type.MAX, Sampler(2), verbose=False)
    with_ranges = config(200)
    with_ranges.pre_post.input_range.enable = True
    other = convert_to_analog(Net(), with_ranges).eval()
    # Theirs also keeps each layer's configuration in there.
    other.load_state_dict(analog.state_dict())
    assert [layer.input_range.tolist() for layer in other.analog_layers()] == list(found.values())


def test_an_exception_leaves_all_as_it_was(analog):
    calibrate_input_ranges(analog, Type.MAX, Sampler(2), verbose=False)
    before = [(layer.input_range.clone(), layer.rpu_config.pre_post.input_range.enable) for layer in analog.analog_layers()]

    def broken():
        yield from Sampler(1)
        raise KeyError("the data")

    for kind in (Type.MAX, Type.MOVING_STD):
        with pytest.raises(KeyError, match="the data"):
            calibrate_input_ranges(analog, kind, broken(), verbose=False, compat="aihwkit")
    for layer, (ranges, enable) in zip(analog.analog_layers(), before, strict=True):
        assert torch.equal(layer.input_range, ranges)
        assert layer.rpu_config.pre_post.input_range.enable is enable
        assert not layer._forward_pre_hooks


def test_recurrent_networks():
    """Theirs stops at the first states, which are zero."""
    torch.manual_seed(0)
    net = AnalogRNN(AnalogLSTMCell, 6, 6, rpu_config=config()).eval()
    x = torch.randn(5, 2, 6, generator=torch.Generator().manual_seed(4))
    with pytest.raises(RuntimeError):
        theirs(copy.deepcopy(net), Theirs.MAX, [((x,), {})], verbose=False)
    found = calibrate_input_ranges(net, Theirs.MAX, [((x,), {})], verbose=False)
    states = net(x)[0]
    inputs, hidden = found.values()
    assert inputs == [float(x.abs().max())]
    assert 0 < hidden[0] <= float(states.abs().max()) * 1.01


def test_a_layer_without_data_is_named(analog):
    with pytest.raises(rangefinder.Error, match="was not called"):
        calibrate_input_ranges(analog, Type.MAX, [], verbose=False)


@pytest.mark.parametrize("type_", [Type.MAX, Type.QUANTILE])
def test_modules_whose_inputs_lie_on_a_card_are_counted_there(card, analog, type_):  # noqa: F811
    on_host = copy.deepcopy(analog)
    expected = calibrate_input_ranges(on_host, type_, Sampler(3), quantile=0.99, verbose=False)
    launches = card.launches()
    data = (((OnCard.of(x),), {}) for (x,), _ in Sampler(3))
    found = calibrate_input_ranges(analog, type_, data, quantile=0.99, verbose=False)
    assert found == expected
    assert OnCard.copies == 0
    assert len(OnCard.owners) == 3 * 3
    assert card.launches() > launches
    for (name, module), (_, other) in zip(analog.named_modules(), on_host.named_modules()):
        if name in found:
            assert torch.equal(module.input_range, other.input_range)
