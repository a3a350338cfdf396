"""What tests of other runtimes have in common."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort


def reference(model: bytes, samples: list[np.ndarray]) -> np.ndarray:
    """The first output as QuantizeLinear and DequantizeLinear say, each by itself."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.stack([session.run(None, {name: sample})[0][0] for sample in samples])


def signal_to_noise(expected: np.ndarray, found: np.ndarray) -> float:
    """In dB."""
    noise = np.square(expected.astype(np.float64) - found).sum()
    return float(10 * np.log10(np.square(expected.astype(np.float64)).sum() / max(noise, 1e-30)))
