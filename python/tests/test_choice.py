"""What is left float, and for what: min_sqnr, metric, fastest, decisions."""

from __future__ import annotations

import os

import numpy as np
import pytest

import rangefinder as rf


def test_min_sqnr_leaves_parts_float(cnn, samples):
    high = rf.quantize(cnn, samples, min_sqnr=45.0)
    assert high.integer_nodes < rf.quantize(cnn, samples).integer_nodes
    assert high.to_dict()["decisions"]


def test_a_metric_is_asked_on_this_thread_of_files(cnn, samples):
    import threading

    figures = []

    def metric(path):
        assert threading.current_thread() is threading.main_thread() and os.path.isfile(path)
        content = np.fromfile(path, np.uint8)
        figures.append(content.size)
        return 1.0 if content.size > 0 else 0.0

    quantized = rf.quantize(cnn, samples, metric=metric, max_drop=0.5)
    assert len(figures) >= 2 and figures[0] == os.path.getsize(cnn)
    assert quantized.integer_nodes == 6


def test_what_a_metric_throws_or_gives_by_mistake(cnn, samples):
    error = LookupError("mine")

    def failing(path):
        raise error

    with pytest.raises(LookupError) as caught:
        rf.quantize(cnn, samples, metric=failing)
    assert caught.value is error
    with pytest.raises(TypeError):
        rf.quantize(cnn, samples, metric=lambda path: None)
    with pytest.raises(TypeError, match="metric"):
        rf.quantize(cnn, samples, metric=42)
    with pytest.raises((ValueError, rf.Error)):
        rf.quantize(cnn, samples, metric=lambda path: float("nan"))


def test_decisions_are_written_and_followed(program, cnn, samples, sample_folder, tmp_path):
    file = tmp_path / "decisions.json"
    first = rf.quantize(cnn, samples, min_sqnr=45.0, decisions=file)
    assert first.to_bytes() == rf.quantize(cnn, samples, decisions=file).to_bytes()
    program("quantize", cnn, "--data", sample_folder, "--min-sqnr", 45, "-o", tmp_path / "int8.onnx")
    assert first.to_bytes() == (tmp_path / "int8.onnx").read_bytes()
