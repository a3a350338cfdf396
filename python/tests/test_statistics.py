"""observe(), solve(), merge(): the program's files and results."""

from __future__ import annotations

import functools
import operator
import pickle
import shutil

import numpy as np
import pytest

import rangefinder as rf


def test_observe_and_solve_are_quantize(cnn, samples):
    statistics = rf.observe(cnn, samples)
    whole = rf.quantize(cnn, samples)
    assert statistics == whole.statistics
    assert rf.solve(cnn, statistics).to_bytes() == whole.to_bytes()
    assert rf.solve(cnn, statistics, method="kl").to_bytes() == rf.quantize(cnn, samples, method="kl").to_bytes()
    assert rf.solve(cnn, statistics).statistics is None


def test_the_programs_files(program, cnn, samples, sample_folder, tmp_path):
    program("observe", cnn, "--data", sample_folder, "-o", tmp_path / "theirs.rfs")
    theirs = rf.Statistics.load(tmp_path / "theirs.rfs")
    ours = rf.observe(cnn, str(sample_folder))
    assert ours == theirs and ours.to_bytes() == (tmp_path / "theirs.rfs").read_bytes()
    ours.save(tmp_path / "ours.rfs")
    program("solve", cnn, "--statistics", tmp_path / "ours.rfs", "-o", tmp_path / "theirs.onnx")
    assert rf.solve(cnn, tmp_path / "ours.rfs").to_bytes() == (tmp_path / "theirs.onnx").read_bytes()
    assert rf.inspect(tmp_path / "ours.rfs")["samples"] == ours.sample_count


def test_histograms_hold_what_was_seen(cnn, samples):
    statistics = rf.observe(cnn, samples, held_out=0)
    name = rf._native.Model.load(cnn).inputs()[0][0]
    seen = np.concatenate([sample.ravel() for sample in samples])
    low, high, count = statistics.histogram(name)
    assert low.dtype == high.dtype == np.float64 and count.dtype == np.uint64
    assert count.sum() == seen.size
    assert count[(low == 0) & (high == 0)].sum() == (seen == 0).sum()
    for lower, upper, expected in list(zip(low, high, count))[::97]:
        if lower > 0:
            assert ((seen >= lower) & (seen < upper)).sum() == expected
    row = next(row for row in statistics.tensors() if row["name"] == name)
    assert (row["min"], row["max"], row["count"]) == (seen.min(), seen.max(), seen.size)
    with pytest.raises(ValueError, match="nothing"):
        statistics.histogram("nothing")


def test_merge_is_exact_and_checked(cnn, mbv2, samples):
    parts = [rf.observe(cnn, samples[i::3], held_out=0) for i in range(3)]
    total = rf.merge(parts)
    assert total.sample_count == 48
    assert total == rf.merge(reversed(parts))
    assert parts[0].sample_count == 16
    whole = rf.observe(cnn, samples, held_out=0)
    assert rf.solve(cnn, total).to_dict()["tensors"] == rf.solve(cnn, whole).to_dict()["tensors"]
    with pytest.raises(rf.Error):
        parts[0].merge(parts[0])
    with pytest.raises(rf.Error):
        parts[0].merge(rf.observe(mbv2, samples))
    with pytest.raises(ValueError):
        rf.merge([])
    with pytest.raises(TypeError):
        rf.merge([42])


def test_statistics_add_up(cnn, samples):
    parts = [rf.observe(cnn, samples[i::3], held_out=0) for i in range(3)]
    assert sum(parts) == parts[2] + (parts[0] + parts[1]) == rf.merge(parts)
    assert functools.reduce(operator.add, map(pickle.loads, map(pickle.dumps, parts))) == sum(parts)
    assert parts[0].sample_count == 16, "a sum is a new value"
    for wrong in (lambda: parts[0] + 1, lambda: 1 + parts[0]):
        with pytest.raises(TypeError):
            wrong()


class Breaking:
    """Samples that can be had again; the first time they break off."""

    def __init__(self, samples, last):
        self.samples, self.last = samples, last

    def __iter__(self):
        for index, sample in enumerate(self.samples):
            if index == self.last:
                self.last = None
                raise ConnectionError("gone")
            yield sample


def test_a_run_that_breaks_off_goes_on(cnn, samples, tmp_path):
    words = {"checkpoint": tmp_path / "run.ckpt", "every": 4, "jobs": 1}
    whole = rf.observe(cnn, samples)
    data = Breaking(samples, 20)
    with pytest.raises(ConnectionError):
        rf.observe(cnn, data, **words)
    assert words["checkpoint"].exists()
    with pytest.raises(rf.Error, match="belongs to other data"):
        rf.observe(cnn, Breaking(samples[::-1], None), **words)
    with pytest.warns(UserWarning, match="samples are done, going on"):
        assert rf.observe(cnn, data, **words) == whole
    assert not words["checkpoint"].exists()


def test_a_run_over_files_goes_on(cnn, sample_folder, tmp_path):
    whole = rf.observe(cnn, str(sample_folder))
    folder = tmp_path / "samples"
    shutil.copytree(sample_folder, folder)
    words = {"checkpoint": tmp_path / "run.ckpt", "every": 4, "jobs": 1}
    bad = folder / "030.npy"
    good = bad.read_bytes()
    bad.write_bytes(b"x" * len(good))
    with pytest.raises(rf.Error, match="030.npy"):
        rf.observe(cnn, str(folder), **words)
    bad.write_bytes(good)
    with pytest.raises(rf.Error, match="another run: data"):
        rf.observe(cnn, str(folder), samples=10, **words)
    with pytest.warns(UserWarning, match="of 44 samples are done, going on"):
        assert rf.observe(cnn, str(folder), **words) == whole
    assert not words["checkpoint"].exists()


def test_checkpoint_options_are_checked(cnn, samples, tmp_path):
    with pytest.raises(ValueError, match="every: 0"):
        rf.observe(cnn, samples, checkpoint=tmp_path / "run.ckpt", every=0)
    with pytest.raises(ValueError, match="needs a checkpoint"):
        rf.observe(cnn, samples, every=4)
    with pytest.raises(ValueError, match="needs a checkpoint"):
        rf.observe(cnn, samples, resume=True)
    with pytest.raises(rf.Error, match="nothing to resume"):
        rf.observe(cnn, samples, checkpoint=tmp_path / "run.ckpt", resume=True)


def test_statistics_are_values(cnn, samples, tmp_path):
    statistics = rf.observe(cnn, samples)
    assert pickle.loads(pickle.dumps(statistics)) == statistics
    assert rf.Statistics.from_bytes(statistics.to_bytes()) == statistics
    assert statistics != rf.observe(cnn, samples[:10]) and statistics != 42
    assert "samples" in repr(statistics) and "<table>" in statistics._repr_html_()
    assert len(statistics.names()) == len(statistics.tensors()) > 0
    (tmp_path / "damaged.rfs").write_bytes(statistics.to_bytes()[:-9])
    with pytest.raises(rf.Error) as caught:
        rf.Statistics.load(tmp_path / "damaged.rfs")
    assert caught.value.file.endswith("damaged.rfs")
    with pytest.raises(rf.Error):
        rf.Statistics.from_bytes(b"nothing")


def test_shards_of_files(cnn, sample_folder):
    parts = [rf.observe(cnn, str(sample_folder), shard=f"{k}/2") for k in (0, 1)]
    assert rf.merge(parts) == rf.observe(cnn, str(sample_folder))
