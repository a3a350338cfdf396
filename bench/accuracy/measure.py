"""What is measured of a model: error at its outputs, what runs in integers, and time on one thread."""

import collections
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from network import session

WEIGHTED = {"Conv", "ConvTranspose", "MatMul", "Gemm", "LSTM", "GRU", "RNN"}
INTEGER = {"QLinearConv", "QLinearMatMul", "QGemm", "ConvInteger", "MatMulInteger", "MatMulIntegerToFloat",
           "DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QAttention"}


def kinds(graph, counts=None):
    """Operator type -> count, bodies included."""
    counts = collections.Counter() if counts is None else counts
    for node in graph.node:
        counts[node.op_type] += 1
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                kinds(attribute.g, counts)
    return counts


def weighted_nodes(path):
    counts = kinds(onnx.load(path, load_external_data=False).graph)
    return sum(counts[kind] for kind in WEIGHTED)


def integer_nodes(path):
    """Products that ONNX Runtime computes in integers, after its own optimization."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as work:
        options.optimized_model_filepath = str(Path(work) / "optimized.onnx")
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        counts = kinds(onnx.load(options.optimized_model_filepath).graph)
    return sum(counts[kind] for kind in INTEGER)


class Noise:
    """Signal over noise at the worst output of real numbers, pooled over the samples that were added."""

    def __init__(self):
        self._signal, self._noise = collections.Counter(), collections.Counter()

    def add(self, wanted, found):
        """All outputs of one sample, of the float model and of the judged one. Other shapes are infinite noise."""
        for index, (reference, other) in enumerate(zip(wanted, found, strict=True)):
            if reference.dtype.kind != "f":
                continue
            reference = reference.astype(np.float64)
            self._signal[index] += float(np.sum(np.square(reference)))
            same_shape = reference.shape == other.shape
            self._noise[index] += float(np.sum(np.square(reference - other))) if same_shape else np.inf

    def ratio(self):
        """In dB; infinite if nothing differs. An output that is zero on all samples does not count."""
        ratios = [10 * np.log10(signal / self._noise[index]) if self._noise[index] else np.inf
                  for index, signal in self._signal.items() if signal]
        return float(min(ratios, default=np.inf))


def time_ratios(float_model, models, samples, seconds=4.0):
    """Median time of each model over the float model's, one thread, all of them run in turn on the same samples."""
    runs = {name: session(path) for name, path in {"float": float_model, **models}.items()}
    times = {name: [] for name in runs}
    for run in runs.values():
        run.run(None, samples[0])
    end, round_count = time.perf_counter() + seconds * len(runs), 0
    while round_count < 5 or (time.perf_counter() < end and round_count < 200):
        for name, run in runs.items():
            start = time.perf_counter()
            run.run(None, samples[round_count % len(samples)])
            times[name].append(time.perf_counter() - start)
        round_count += 1
    medians = {name: statistics.median(values) for name, values in times.items()}
    return medians["float"], {name: medians[name] / medians["float"] for name in models}
