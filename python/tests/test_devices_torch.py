"""Tensors of PyTorch counted where they lie: on the host, and on a (fake) CUDA device."""

from __future__ import annotations

import gc
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fake_cuda import CUDA, Owner, driver_or_skip

import rangefinder
from rangefinder.analog import InputRangeCalibrationType as Type
from rangefinder.analog import calibrate_input_ranges

TYPES = {torch.float32: "float32", torch.float16: "float16", torch.bfloat16: "bfloat16"}


class OnCard(torch.Tensor):
    """Computed by PyTorch on the host, but to all who ask a tensor of CUDA device 0, and so is what is computed from it."""

    driver = None
    owners: list[Owner] = []
    copies = 0

    @staticmethod
    def of(values):
        return values.as_subclass(OnCard)

    def __dlpack_device__(self):
        return (CUDA, 0)

    def __dlpack__(self, stream=None):
        plain = self.as_subclass(torch.Tensor)
        values = plain.view(torch.int16).numpy() if plain.dtype is torch.bfloat16 else plain.numpy()
        owner = Owner(values, TYPES[plain.dtype], OnCard.driver, strides=plain.stride())
        OnCard.owners.append(owner)
        return owner.__dlpack__(stream=stream)

    def to(self, *args, **kwargs):
        if args[0] != "cpu":
            return super().to(*args, **kwargs)
        OnCard.copies += 1
        return self.as_subclass(torch.Tensor).to(*args, **kwargs)

    def cpu(self):
        return self.to("cpu")


@pytest.fixture
def card():
    driver = driver_or_skip()
    used = driver.used()
    OnCard.driver, OnCard.owners, OnCard.copies = driver, [], 0
    yield driver
    gc.collect()
    driver.set()
    assert driver.used() == used
    assert all(owner.deleted == 1 for owner in OnCard.owners)


class Net(torch.nn.Module):
    def __init__(self, padding_mode):
        super().__init__()
        self.c1 = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.c2 = torch.nn.Conv2d(8, 8, 3, padding=1, stride=2, dilation=2)
        self.c3 = torch.nn.Conv2d(8, 4, 2, padding=1, padding_mode=padding_mode)
        self.fc = torch.nn.Linear(4 * 8 * 8, 10)

    def forward(self, x):
        x = torch.relu(self.c2(torch.relu(self.c1(x))))
        return self.fc(torch.relu(self.c3(x)).flatten(1))


def net(dtype=torch.float32):
    torch.manual_seed(0)
    # PyTorch 1 cannot pad every type.
    return Net("reflect" if dtype is torch.float32 else "zeros").eval().to(dtype)


def calls(wrap=lambda x: x, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    for count in (2, 2, 1):
        x = torch.randn(count, 3, 16, 16, generator=generator)
        x[:, :, :9] = 0
        yield (wrap(x.to(dtype)),), {}


def ranges(type_, data, dtype=torch.float32):
    config = {"mapping": {"max_input_size": 50}, "forward": {"inp_res": 254}}
    return calibrate_input_ranges(net(dtype), type_, data, quantile=0.98, verbose=False, rpu_config=config)


@pytest.mark.parametrize("type_", [Type.MAX, Type.QUANTILE, Type.MSE])
def test_inputs_on_a_card_are_counted_there(card, type_):
    expected = ranges(type_, calls())
    launches, loads = card.launches(), card.calls("cuModuleLoadData")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ranges(type_, calls(OnCard.of)) == expected
    assert OnCard.copies == 0
    assert len(OnCard.owners) == 3 * 4
    assert card.launches() >= launches + 3 * 4
    assert card.calls("cuModuleLoadData") == loads + 1


@pytest.mark.parametrize("type_", [Type.MOVING_STD, Type.MOVING_QUANTILE, Type.CACHE_QUANTILE])
def test_types_that_see_values_are_told_of_once(card, type_):
    expected = ranges(type_, calls())
    with pytest.warns(UserWarning, match="inputs are copied from the GPU, and counted on the CPU") as told:
        assert ranges(type_, calls(OnCard.of)) == expected
    assert len(told) == 1
    assert OnCard.copies == 3 * 4
    assert OnCard.owners == []


def test_without_a_card_that_counts_inputs_are_copied(card):
    expected = ranges(Type.MAX, calls())
    card.set("devices=0")
    with pytest.warns(UserWarning, match="cuda:0 cannot count, tensors are copied and counted on the CPU: .* no device") as told:
        assert ranges(Type.MAX, calls(OnCard.of)) == expected
    assert len(told) == 1
    assert OnCard.copies == 3 * 4


@pytest.mark.parametrize("type_", [Type.MAX, Type.QUANTILE])
def test_half_precision_is_counted_as_it_is(card, type_):
    expected = ranges(type_, calls(dtype=torch.bfloat16), torch.bfloat16)
    assert ranges(type_, calls(OnCard.of, torch.bfloat16), torch.bfloat16) == expected
    assert {owner.type for owner in OnCard.owners} == {"bfloat16"}


def test_nan_on_a_card_names_the_layer(card):
    broken = [((OnCard.of(torch.full((1, 3, 16, 16), float("nan"))),), {})]
    network = net()
    with pytest.raises(rangefinder.Error, match="'c1': NaN or infinity") as caught:
        calibrate_input_ranges(network, Type.QUANTILE, broken, verbose=False)
    assert caught.value.node == "c1"
    assert not hasattr(network.c1, "input_range")
    assert not network.c1._forward_pre_hooks


def test_a_card_without_memory_is_an_error(card):
    card.set(f"memory={card.used() + 200_000}")
    with pytest.raises(rangefinder.Error, match="out of memory: .* needed for the counts of a layer"):
        calibrate_input_ranges(net(), Type.QUANTILE, calls(OnCard.of), verbose=False)


@pytest.mark.parametrize("dtype", list(TYPES))
def test_a_counter_takes_tensors_of_either_place(card, dtype):
    values = (torch.randn(6, 4, 5, generator=torch.Generator().manual_seed(3)) * 30).to(dtype)
    values[0, 0, :3] = torch.tensor([float("nan"), float("inf"), 0])
    on_host, on_card = rangefinder.TensorCounter(), rangefinder.TensorCounter()
    for counter, given in ((on_host, values), (on_card, OnCard.of(values))):
        counter.count("all", given)
        counter.count("channels", given, channel_axis=1)
        # Not contiguous: made so where it lies. In need of gradients: looked at without.
        counter.count("transposed", given.transpose(0, 2), channel_axis=-1)
        counter.count("learned", given.clone().requires_grad_())
    found = on_host.statistics()
    assert on_card.statistics().to_bytes() == found.to_bytes()
    assert OnCard.copies == 0
    plain = rangefinder.TensorCounter()
    plain.count("all", values.float().numpy())
    for a, b in zip(found.histogram("all"), plain.statistics().histogram("all")):
        np.testing.assert_array_equal(a, b)


def test_tensors_of_the_host_are_not_copied():
    """bfloat16, which NumPy has not, and a view into a larger tensor: both by DLPack."""
    asked = []

    class Asked(torch.Tensor):
        def __dlpack__(self, **arguments):
            if "max_version" in arguments:
                raise TypeError("no such argument")
            asked.append(self.data_ptr())
            return self.as_subclass(torch.Tensor).__dlpack__()

        def numpy(self):
            raise AssertionError("a way that copies")

    values = torch.arange(24, dtype=torch.bfloat16).reshape(4, 6)
    part = values[2:].as_subclass(Asked)
    counter = rangefinder.TensorCounter()
    counter.count("x", part)
    assert asked == [values[2:].data_ptr()]
    row = counter.statistics().tensors()[0]
    assert (row["count"], row["min"], row["max"]) == (12, 12, 23)
