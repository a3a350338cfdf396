"""quantize(): the program's bytes from every kind of model and data; results."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rangefinder as rf


@pytest.mark.parametrize("name", ["fashion_cnn", "fashion_mbv2"])
@pytest.mark.parametrize("effort", ["fast", "normal", "thorough"])
def test_same_bytes_as_the_program(program, samples, sample_folder, tmp_path, request, name, effort):
    model = request.getfixturevalue(name.removeprefix("fashion_"))
    summary = tmp_path / "summary.json"
    program("quantize", model, "--data", sample_folder, "--effort", effort, "-o", tmp_path / "int8.onnx", "--summary", summary)
    quantized = rf.quantize(model, samples, effort=effort, jobs=1)
    assert quantized.to_bytes() == (tmp_path / "int8.onnx").read_bytes()
    ours, theirs = quantized.to_dict(), json.loads(summary.read_text())
    assert ours.keys() == theirs.keys()
    for key in ("tensors", "integer_nodes", "samples", "held_out_samples"):
        assert ours.get(key) == theirs.get(key)
    for key in ("name", "sqnr_db", "cosine", "max_abs_error", "sample_count"):
        assert [row[key] for row in ours["outputs"]] == [row[key] for row in theirs["outputs"]]


def test_jobs_change_nothing(cnn, samples):
    assert rf.quantize(cnn, samples, jobs=1).to_bytes() == rf.quantize(cnn, samples, jobs=4).to_bytes()


def test_files_give_the_same_as_arrays(cnn, samples, sample_folder):
    expected = rf.quantize(cnn, samples).to_bytes()
    assert rf.quantize(cnn, str(sample_folder)).to_bytes() == expected
    assert rf.quantize(cnn, sorted(sample_folder.iterdir())).to_bytes() == expected


def test_kinds_of_models(cnn, samples, tmp_path):
    import onnx
    from pathlib import Path

    expected = rf.quantize(cnn, samples).to_bytes()
    content = Path(cnn).read_bytes()
    for model in (Path(cnn), content, bytearray(content), onnx.load(cnn)):
        assert rf.quantize(model, samples).to_dict()["tensors"] == rf.quantize(cnn, samples).to_dict()["tensors"]
    assert rf.quantize(content, samples).to_bytes() == expected


def test_a_message_too_large_for_protobuf_takes_its_way_through_a_file(cnn, samples, monkeypatch):
    import onnx

    from rangefinder import _models

    expected = rf.quantize(cnn, samples).to_dict()["tensors"]
    message = onnx.load(cnn)
    before = message.SerializeToString()
    monkeypatch.setattr(_models, "_MOST_BYTES", 1000)
    quantized = rf.quantize(message, samples)
    assert quantized.to_dict()["tensors"] == expected
    assert message.SerializeToString() == before
    # What it was read from is gone by now.
    assert len(quantized.to_bytes()) > 50_000


def loader(samples, make):
    for index, sample in enumerate(samples):
        yield make(index, sample)


class ByIndex:
    """A dataset that answers to any index: only its length says where it ends."""

    def __init__(self, samples):
        self._samples = samples

    def __len__(self):
        return len(self._samples)

    def __getitem__(self, index):
        return self._samples[index % len(self._samples)]


class Lazy:
    """Arrays in a file, as those of HDF5: no array itself."""

    def __init__(self, samples):
        self._whole = np.concatenate(samples)
        self.shape = self._whole.shape

    def __len__(self):
        return len(self._whole)

    def __getitem__(self, index):
        return self._whole[index]

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("is read whole")


class Reader:
    """ONNX Runtime's interface of calibration data."""

    def __init__(self, samples, name):
        self._items = iter({name: sample} for sample in samples)

    def get_next(self):
        return next(self._items, None)


def test_kinds_of_data(cnn, samples):
    name = rf._native.Model.load(cnn).inputs()[0][0]
    expected = rf.quantize(cnn, samples).to_bytes()
    kinds = {
        "list": samples,
        "tuple": tuple(samples),
        "one array": np.concatenate(samples),
        "generator": loader(samples, lambda i, s: s),
        "dictionaries": [{name: s} for s in samples],
        "tuples of one": [(s,) for s in samples],
        "not contiguous": [np.asfortranarray(s) for s in samples],
        "dataset by index": ByIndex(samples),
        "array in a file": Lazy(samples),
        "larger floats": [s.astype(np.longdouble) for s in samples],
        "big-endian": [s.astype(">f4") for s in samples],
        "read-only": [np.frombuffer(s.tobytes(), np.float32).reshape(s.shape) for s in samples],
        "calibration data reader": Reader(samples, name),
    }
    for kind, data in kinds.items():
        assert rf.quantize(cnn, data).to_bytes() == expected, kind


def test_collate_fn_chooses(cnn, samples):
    labelled = [(s, 7) for s in samples]
    expected = rf.quantize(cnn, samples).to_bytes()
    assert rf.quantize(cnn, labelled, collate_fn=lambda item: item[0]).to_bytes() == expected
    with pytest.raises((ValueError, TypeError), match="collate_fn"):
        rf.quantize(cnn, labelled)


def test_several_inputs_by_order_and_by_name(two_inputs):
    random = np.random.default_rng(2)
    pairs = [(random.normal(size=(3, 8)).astype(np.float32), random.normal(size=(3, 4)).astype(np.float32)) for _ in range(20)]
    by_order = rf.quantize(two_inputs, pairs)
    by_name = rf.quantize(two_inputs, [{"y": y, "x": x} for x, y in pairs])
    assert by_order.to_bytes() == by_name.to_bytes()
    assert {"x", "y", "z"} >= set(by_order.tensors) - {"r", "xw"}


def test_samples_and_held_out(cnn, samples):
    first = rf.quantize(cnn, samples, samples=20)
    assert first.to_dict()["samples"] == 20 and first.to_dict()["held_out_samples"] == 28
    blind = rf.quantize(cnn, samples, held_out=0)
    assert blind.outputs == {} and blind.to_dict()["samples"] == 48
    counted = rf.quantize(cnn, samples, samples=np.int64(20), held_out=np.int32(5), jobs=np.uint8(1))
    assert counted.to_dict()["samples"] == 20 and counted.to_dict()["held_out_samples"] == 5
    judged = rf.quantize(cnn, samples[:40], held_out=samples[40:])
    assert judged.to_dict()["samples"] == 40 and judged.to_dict()["held_out_samples"] == 8


def test_no_more_samples_are_taken_than_are_used(cnn, samples):
    items = iter(samples)
    rf.quantize(cnn, items, samples=5, held_out=2)
    assert len(list(items)) == 48 - 7


def test_options_reach_the_engine(cnn, samples):
    quantized = rf.quantize(cnn, samples, method="KL", method_for={"*": "minmax"}, percentile=0.99)
    assert {t.method for t in quantized.tensors.values()} == {"minmax"}
    name = next(iter(quantized.tensors))
    plain = rf.quantize(cnn, samples, method="minmax").tensors[name]
    assert quantized.tensors[name].scale == plain.scale


def test_excluded_nodes_stay_float(cnn, samples):
    nodes = [row["name"] for row in rf.inspect(cnn)["nodes"]]
    quantized = rf.quantize(cnn, samples, exclude=nodes[:1])
    assert quantized.integer_nodes == len(nodes) - 1
    assert quantized.float_nodes[0]["name"] == nodes[0]
    # A word alone is one pattern, not its letters.
    assert rf.quantize(cnn, samples, exclude=nodes[0]).to_bytes() == quantized.to_bytes()


def test_results_can_be_looked_at(cnn, samples, tmp_path):
    quantized = rf.quantize(cnn, samples)
    assert quantized.table() in repr(quantized)
    assert "<pre>" in quantized._repr_html_() and "->" not in quantized._repr_html_()
    tensor = next(iter(quantized.tensors.values()))
    assert tensor.scale > 0 and tensor.range[0] <= 0 <= tensor.range[1] and tensor.root in quantized.tensors
    output = next(iter(quantized.outputs.values()))
    assert output["sqnr_db"] > 20
    quantized.save(tmp_path / "m.onnx", summary=tmp_path / "s.json", statistics=tmp_path / "s.rfs")
    assert (tmp_path / "m.onnx").read_bytes() == quantized.to_bytes()
    assert json.loads((tmp_path / "s.json").read_text())["tensors"] == quantized.to_dict()["tensors"]
    assert rf.Statistics.load(tmp_path / "s.rfs") == quantized.statistics
    quantized.report(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert page.startswith("<!doctype html>") and next(iter(quantized.tensors)) in page
    quantized.save(tmp_path / "m.onnx", report=tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == page
    with pytest.raises(ValueError, match="name of a file"):
        quantized.report("")
    with pytest.raises(ValueError, match="name of a file"):
        quantized.save("")
    with pytest.raises(rf.Error, match="a file of its own"):
        quantized.save(tmp_path / "both", summary=tmp_path / "." / "both")
    assert not (tmp_path / "both").exists()
    changed = quantized.to_dict()
    changed["tensors"].clear()
    assert quantized.tensors
    assert [node.op_type for node in quantized.to_onnx().graph.node].count("QuantizeLinear") > 0


def test_int8_model_runs_in_onnx_runtime(cnn, samples):
    onnxruntime = pytest.importorskip("onnxruntime")
    quantized = rf.quantize(cnn, samples)
    run = [onnxruntime.InferenceSession(m, providers=["CPUExecutionProvider"]) for m in (cnn, quantized.to_bytes())]
    name = run[0].get_inputs()[0].name
    original, ours = (session.run(None, {name: samples[0]})[0] for session in run)
    error = original - ours
    assert 10 * np.log10((original**2).sum() / (error**2).sum()) > 20


def test_verdict_and_required_quality(cnn, samples):
    quantized = rf.quantize(cnn, samples, require_sqnr=10.0)
    assert quantized.verdict == quantized.to_dict()["verdict"] and quantized.verdict["level"] in ("good", "fair", "poor")
    assert quantized.latency["float_us"] > 0
    assert rf.quantize(cnn, samples, held_out=0).latency is None
    with pytest.raises(rf.Error):
        rf.quantize(cnn, samples, require_sqnr=200.0)


def test_keep(cnn, samples, tmp_path):
    rf.quantize(cnn, samples, keep=tmp_path / "kept")
    assert (tmp_path / "kept" / "quantized.onnx").is_file()
