"""Models and samples for all tests; where the program lies, to compare with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = ROOT / "examples" / "models"


def pictures(count: int, seed: int = 0) -> list[np.ndarray]:
    """Inputs of the example models: like photographs, bright in the middle and zero outside."""
    random = np.random.default_rng(seed)
    x = np.linspace(-1, 1, 28, dtype=np.float32)
    window = np.maximum(0, 1 - x[:, None] ** 2 - x[None, :] ** 2)
    noise = random.random((count, 1, 1, 28, 28), dtype=np.float32)
    return list(noise * window)


@pytest.fixture(scope="session")
def cnn() -> str:
    return str(MODELS / "fashion_cnn.onnx")


@pytest.fixture(scope="session")
def mbv2() -> str:
    return str(MODELS / "fashion_mbv2.onnx")


@pytest.fixture(scope="session")
def samples() -> list[np.ndarray]:
    return pictures(48)


@pytest.fixture(scope="session")
def program():
    """Runs the program; skips where it is not at hand."""
    path = os.environ.get("RANGEFINDER", "")
    if not path or not os.access(path, os.X_OK):
        pytest.skip("RANGEFINDER does not name the program")

    def run(*words: object) -> str:
        done = subprocess.run([path, *map(str, words)], check=True, capture_output=True, text=True)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def sample_folder(samples, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    for index, sample in enumerate(samples):
        np.save(folder / f"{index:03}.npy", sample)
    return folder


@pytest.fixture(scope="session")
def two_inputs():
    """z = Relu(x @ w) + y, as bytes."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).normal(size=(8, 4)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["xw"], name="product"),
            helper.make_node("Relu", ["xw"], ["r"], name="relu"),
            helper.make_node("Add", ["r", "y"], ["z"], name="sum"),
        ],
        "two_inputs",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8]),
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4]),
        ],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model
