"""TensorCounter: arrays of the host, and tensors on a (fake) CUDA device, counted where they lie."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from fake_cuda import CPU, CUDA, CUDA_HOST, CUDA_MANAGED, OPENCL, Owner, driver_or_skip

import rangefinder


@pytest.fixture
def driver():
    found = driver_or_skip()
    used, contexts = found.used(), found.contexts()
    yield found
    gc.collect()
    found.set()
    assert (found.used(), found.contexts()) == (used, contexts), "all memory and every context was given back"


def values_of(type_name, shape, seed=0):
    """NaN, infinities, zeros of both signs and subnormals among them; bfloat16 as the bits that it is."""
    random = np.random.default_rng(seed)
    values = (random.standard_normal(shape) * np.exp(random.uniform(-9, 9, shape))).astype(np.float32)
    flat = values.reshape(-1)
    flat[: flat.size // 4] = 0
    for place, special in enumerate([np.nan, np.inf, -np.inf, -0.0, 1e-7, -6e4]):
        flat[-1 - place] = special
    if type_name == "float16":
        return values.astype(np.float16)
    if type_name == "bfloat16":
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    return values


def statistics_of(owners, axes):
    counter = rangefinder.TensorCounter()
    for name, batches in owners.items():
        for batch in batches:
            counter.count(name, batch, axes.get(name))
    return counter.statistics()


def on(device, driver, version=None):
    """Several tensors, of each type together and per channel, each with three batches that differ in size."""
    owners, axes = {}, {}
    for index, type_name in enumerate(["float32", "float16", "bfloat16"]):
        for axis, shapes in ((None, [(2, 3, 7), (1, 3, 7), (5, 3, 7)]), (1, [(2, 6, 5), (3, 6, 5), (1, 6, 5)]), (-1, [(9, 11)] * 3)):
            name = f"{type_name} {axis}"
            axes[name] = axis
            owners[name] = [
                Owner(values_of(type_name, shape, 10 * index + i), type_name, driver, device, version=version)
                for i, shape in enumerate(shapes)
            ]
    return owners, axes


@pytest.mark.parametrize("version", [None, (1, 0), (1, 3)])
@pytest.mark.parametrize("kind", [CUDA, CUDA_MANAGED])
def test_a_tensor_on_a_device_is_counted_there(driver, kind, version):
    driver.set("devices=2")
    expected = statistics_of(*on((CPU, 0), None))
    owners, axes = on((kind, 1), driver, version)
    launches, copied, loads = driver.launches(), driver.calls("cuMemcpyDtoH_v2"), driver.calls("cuModuleLoadData")
    found = statistics_of(owners, axes)
    assert found.to_bytes() == expected.to_bytes()
    assert found == expected
    assert driver.launches() > launches
    assert driver.calls("cuMemcpyDtoH_v2") > copied
    assert driver.calls("cuModuleLoadData") == loads + 1, "all tensors share what was opened"
    assert {row["name"]: row["nan_count"] for row in found.tensors()} == {name: 3 for name in owners}
    for owner in sum(owners.values(), []):
        assert owner.deleted == 1
        assert [asked["stream"] for asked in owner.asked] == [1] * len(owner.asked), "the stream in which we count"
        # An owner of an earlier version of the protocol is asked again.
        assert len(owner.asked) == (1 if version else 2)


def test_values_never_come_to_the_host(driver):
    values = values_of("float32", (1000, 300))
    owner = Owner(values, "float32", driver)
    counter = rangefinder.TensorCounter()
    copied = driver.copied()
    counter.count("x", owner)
    assert driver.copied() - copied < 50_000, "extremes, and the largest of each row"
    found = counter.statistics()
    assert driver.copied() - copied < values.nbytes / 3, "and in the end 256 KiB of counts"
    plain = rangefinder.TensorCounter()
    plain.count("x", values)
    assert found == plain.statistics()


@pytest.mark.parametrize("device", [(CPU, 0), (CUDA_HOST, 0)])
@pytest.mark.parametrize("version", [None, (1, 0)])
def test_host_memory_of_others_is_counted_where_it_lies(device, version):
    owners, axes = on(device, None, version)
    found = statistics_of(owners, axes)
    arrays = {name: [batch.values for batch in batches] for name, batches in owners.items() if "bfloat" not in name}
    expected = {row["name"]: row for row in statistics_of(arrays, axes).tensors()}
    for row in found.tensors():
        if row["name"] in expected:
            assert row == expected[row["name"]]
    for owner in sum(owners.values(), []):
        assert owner.deleted == 1
        assert all("stream" not in asked for asked in owner.asked)


def test_bfloat16_counts_as_the_floats_it_stands_for():
    values = values_of("bfloat16", (6, 8))
    counter = rangefinder.TensorCounter()
    counter.count("x", Owner(values, "bfloat16", device=(CPU, 0)))
    plain = rangefinder.TensorCounter()
    plain.count("x", (values.astype(np.uint32) << 16).view(np.float32))
    for found, expected in zip(counter.statistics().histogram("x"), plain.statistics().histogram("x")):
        np.testing.assert_array_equal(found, expected)


def test_numpy_arrays_and_statistics_that_merge(tmp_path):
    values = np.float32([[1, -2, 0], [4, 5, -6]])
    counter = rangefinder.TensorCounter()
    counter.count("x", values)
    counter.count("t", values.T, channel_axis=0)
    frozen = values.copy()
    frozen.flags.writeable = False
    counter.count("f", frozen)
    found = counter.statistics()
    assert found.names() == ["f", "t", "x"]
    rows = {row["name"]: row for row in found.tensors()}
    assert (rows["x"]["count"], rows["x"]["min"], rows["x"]["max"], rows["x"]["zero_count"]) == (6, -6, 5, 1)
    assert rows["t"]["channel_count"] == 3
    counter.count("x", values * 2)
    assert {row["name"]: row["count"] for row in counter.statistics().tensors()}["x"] == 12
    other = rangefinder.TensorCounter()
    for name, axis in (("f", None), ("t", 0), ("x", None)):
        other.count(name, values.T, axis)
    assert (found + other.statistics()).tensors()[2]["count"] == 12
    found.save(tmp_path / "x.rfs")
    assert rangefinder.Statistics.load(tmp_path / "x.rfs") == found


def refused(owner, error, match, axis=None):
    counter = rangefinder.TensorCounter()
    with pytest.raises(error, match=match):
        counter.count("x", owner, axis)
    assert counter.statistics().names() == []
    gc.collect()
    return owner


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_what_cannot_be_counted_is_named_and_given_back_once(driver, version):
    values = values_of("float32", (4, 6))

    def owner(of=values, type_name="float32", **arguments):
        return Owner(of, type_name, driver, version=version, **arguments)

    cases = [
        (owner(values.astype(np.float64), "float64"), TypeError, "float64 values; allowed: float32, float16, bfloat16"),
        (owner(np.ones((4, 6), np.int32), "int32"), TypeError, "int32 values; allowed"),
        (owner(strides=(1, 4)), ValueError, r"\[4, 6\] with strides \[1, 4\] is not contiguous"),
        (owner(strides=(12, 1)), ValueError, "not contiguous"),
        (owner(device=(CUDA, 3)), rangefinder.Error, "no CUDA device 3; the last one is 0"),
        (owner(device=(CUDA, 0), capsule_device=(CUDA, 1)), ValueError, "not on the device that it names"),
        (owner(device=(CPU, 0), capsule_device=(CUDA, 0)), ValueError, "not on the device that it names"),
    ]
    for case, error, match in cases:
        # A number that is not there shows before the tensor is asked for.
        asked = case.device != (CUDA, 3)
        assert refused(case, error, match).deleted == (1 if asked else 0), match
    assert refused(owner(), ValueError, "no channel axis 2", axis=2).deleted == 1
    assert refused(owner(device=(OPENCL, 0)), TypeError, "DLPack type 4; allowed: the CPU").asked == []
    # A dimension of size 1 may have any stride, and so may a tensor without values.
    for shape, strides in (((1, 24), (7, 1)), ((0, 6), (1, 1))):
        counter = rangefinder.TensorCounter()
        counter.count("x", owner(np.resize(values, shape), strides=strides))
        assert counter.statistics().tensors()[0]["count"] == shape[0] * shape[1]


def test_a_protocol_of_another_age_is_refused_and_given_back(driver):
    assert refused(Owner(values_of("float32", (4, 6)), "float32", driver, version=(2, 0)), TypeError, "DLPack 2").deleted == 1


def test_a_capsule_is_taken_once(driver):
    owner = Owner(values_of("float32", (4, 6)), "float32", driver)
    capsule = owner.capsule()
    owner.capsule = lambda: capsule
    counter = rangefinder.TensorCounter()
    counter.count("x", owner)
    assert owner.deleted == 1
    with pytest.raises(TypeError, match="used one"):
        counter.count("x", owner)
    assert owner.deleted == 1


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ("memory=100000", "out of memory: 262144 bytes needed for the counts of a tensor"),
        ("fail=cuLaunchKernel:719", "starting a kernel: unspecified launch failure"),
        ("fail=cuEventSynchronize:719", "counting: unspecified launch failure"),
    ],
)
def test_trouble_with_the_device_names_the_tensor_and_gives_it_back(driver, settings, match):
    owner = Owner(values_of("float32", (40, 60)), "float32", driver)
    driver.set(settings)
    counter = rangefinder.TensorCounter()
    with pytest.raises(rangefinder.Error, match=match) as caught:
        counter.count("fc1", owner)
    assert caught.value.tensor == "fc1"
    assert owner.deleted == 1
    assert counter.statistics().names() == []


def test_what_the_owner_throws_arrives():
    class Broken:
        def __dlpack_device__(self):
            return (CPU, 0)

        def __dlpack__(self, **arguments):
            raise BufferError("in use")

    with pytest.raises(BufferError, match="in use"):
        rangefinder.TensorCounter().count("x", Broken())
    for nothing in (None, "text", [1.0], object()):
        with pytest.raises(TypeError, match="no array of numbers"):
            rangefinder.TensorCounter().count("x", nothing)
    for values, name in ((np.zeros(3), "float64"), (np.zeros(3, np.uint8), "uint8"), (np.zeros(3, bool), "bool8"), (np.zeros(3, complex), "complex128")):
        with pytest.raises(TypeError, match=f"{name} values; allowed: float32, float16, bfloat16"):
            rangefinder.TensorCounter().count("x", values)


class OnCard(Owner):
    """With the way to the host that tensors of PyTorch have."""

    def cpu(self):
        self.copies = getattr(self, "copies", 0) + 1
        return self.values


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("devices=0", "finds no device"),
        ("capability=61", "compute capability 6.1; 7.5 or later is needed"),
        ("version=12040 fail=cuModuleLoadData:222", r"the driver \(for CUDA 12.4\) does not take our kernels"),
        ("fail=cuInit:999", "does not start"),
    ],
)
def test_where_no_device_counts_values_are_copied_with_one_warning(driver, settings, reason):
    driver.set(settings)
    values = values_of("float32", (4, 6))
    owners = [OnCard(values, "float32", driver) for _ in range(2)]
    counter = rangefinder.TensorCounter()
    with pytest.warns(UserWarning, match=f"cuda:0 cannot count, tensors are copied and counted on the CPU: .*{reason}") as told:
        for owner in owners:
            counter.count("x", owner)
    assert len(told) == 1
    assert [(owner.copies, owner.deleted, owner.asked) for owner in owners] == [(1, 0, [])] * 2
    plain = rangefinder.TensorCounter()
    for _ in owners:
        plain.count("x", values)
    assert counter.statistics() == plain.statistics()
