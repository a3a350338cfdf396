"""The table for ncnn2int8, applied as that tool does and computed by ncnn's own int8 kernels (scripts/check_runtimes.sh).

No wheel holds ncnn2int8. What it does is little: it rounds the weights of each layer of the table to int8 and writes them, with both
multipliers, into the model. ncnn2int8's file format is what ncnn::Net reads, so a mistake here is an error or noise there.
"""

from __future__ import annotations

import importlib.util
import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import pytest
from runtimes import reference, signal_to_noise

import rangefinder

ncnn = pytest.importorskip("ncnn")

#: Before the weights of a layer: they are int8, not float32 (ncnn, src/modelbin.cpp).
INT8_WEIGHTS = 0x000D4B38
#: Where a layer's parameters stand: outputs, bias, size of the weights, int8_scale_term.
PARAMETERS = {
    "Convolution": (0, 5, 6, 8),
    "ConvolutionDepthWise": (0, 5, 6, 8),
    "InnerProduct": (0, 1, 2, 8),
}
GROUPS = 7
#: int8_scale_term as ncnn2int8 sets it: a depthwise convolution has a scale for each group.
PER_GROUP, PER_CHANNEL = 1, 2


@dataclass
class Multipliers:
    """What the table tells of one layer."""

    weights: np.ndarray
    input: float


@dataclass
class Model:
    """A model of ncnn: its .param by lines, its .bin by layers with weights."""

    lines: list[str]
    weights: list[bytes] = field(default_factory=list)

    def write(self, folder: Path, name: str) -> tuple[str, str]:
        (folder / f"{name}.param").write_text("\n".join(self.lines) + "\n")
        (folder / f"{name}.bin").write_bytes(b"".join(self.weights))
        return str(folder / f"{name}.param"), str(folder / f"{name}.bin")


def read_table(text: str) -> dict[str, Multipliers]:
    """By layer, in the order of the file."""
    rows = {key: np.array(values, np.float32) for key, *values in map(str.split, text.splitlines())}
    layers = [key for key in rows if "_param_" not in key]
    return {layer: Multipliers(rows[f"{layer}_param_0"], rows[layer][0]) for layer in layers}


def to_int8(values: np.ndarray) -> np.ndarray:
    """As ncnn's float2int8: half away from zero, -127 to 127."""
    return np.clip(np.trunc(values + np.copysign(np.float32(0.5), values)), -127, 127).astype(np.int8)


def apply(lines: list[str], data: bytes, table: list[Multipliers]) -> Model:
    """What ncnn2int8 makes of a float model. The table's layers are those of the model, in its order."""
    model, place, rows = Model(lines[:2]), 0, iter(table)
    for line in lines[2:]:
        kind, _, inputs, outputs, *rest = line.split()
        if kind not in PARAMETERS:
            model.lines.append(line)
            continue
        parameters = dict(word.split("=") for word in rest[int(inputs) + int(outputs) :])
        channels, bias, size = (int(parameters.get(str(key), 0)) for key in PARAMETERS[kind][:3])
        is_depthwise = kind == "ConvolutionDepthWise"
        row = next(rows)
        assert len(row.weights) == (int(parameters[str(GROUPS)]) if is_depthwise else channels)
        assert data[place : place + 4] == bytes(4), "weights in float32"
        weights = np.frombuffer(data, np.float32, size, place + 4).reshape(len(row.weights), -1)
        codes = to_int8(weights * row.weights[:, None]).tobytes()
        place += 4 + 4 * size
        model.weights += [struct.pack("<I", INT8_WEIGHTS), codes, bytes(-size % 4)]
        model.weights += [data[place : place + 4 * channels * bias], row.weights.tobytes(), np.float32(row.input).tobytes()]
        place += 4 * channels * bias
        term = PER_GROUP if is_depthwise else PER_CHANNEL
        model.lines.append(f"{line} {PARAMETERS[kind][3]}={term}")
    assert place == len(data) and next(rows, None) is None
    return model


def run(files: tuple[str, str], samples: list[np.ndarray]) -> np.ndarray:
    with ncnn.Net() as net:
        # Storage of 16 bits between layers is another matter.
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
        net.opt.use_bf16_storage = False
        assert net.load_param(files[0]) == 0
        assert net.load_model(files[1]) == 0
        outputs = []
        for sample in samples:
            with net.create_extractor() as extractor:
                extractor.input("in0", ncnn.Mat(sample[0]).clone())
                code, output = extractor.extract("out0")
                assert code == 0
                outputs.append(np.array(output))
        return np.stack(outputs)


@pytest.fixture(scope="module", params=["cnn", "mbv2"])
def network(request) -> str:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def converted(network, tmp_path_factory) -> tuple[list[str], bytes]:
    """The float model as ncnn has it."""
    folder = tmp_path_factory.mktemp("ncnn")
    shutil.copy(network, folder / "model.onnx")
    pnnx = Path(importlib.util.find_spec("pnnx").origin).parent / "pnnx"
    subprocess.run([pnnx, "model.onnx", "inputshape=[1,1,28,28]f32", "fp16=0"], cwd=folder, check=True, capture_output=True)
    return (folder / "model.ncnn.param").read_text().splitlines(), (folder / "model.ncnn.bin").read_bytes()


@pytest.fixture(scope="module")
def quantized(network, samples) -> rangefinder.QuantizedModel:
    """Ranges alone: the table holds no weights, ncnn2int8 rounds those to nearest."""
    return rangefinder.quantize(network, samples, target="ncnn", effort="fast", progress=False)


@pytest.fixture(scope="module")
def table(network, quantized) -> list[Multipliers]:
    rows = read_table(rangefinder.export_table(quantized, "ncnn", float_model=network).decode())
    nodes = [node.name for node in onnx.load(network).graph.node if node.name in rows]
    assert len(nodes) == len(rows), "ncnn's layers have other names here, and the order of the model"
    return [rows[name] for name in nodes]


def test_ncnn_computes_what_the_model_says(network, quantized, converted, table, samples, tmp_path):
    expected = reference(quantized.to_bytes(), samples)
    real = reference(Path(network).read_bytes(), samples)
    files = apply(*converted, table).write(tmp_path, "int8")
    found = run(files, samples)
    # Rounding of ties and of sums differs, and moves single codes.
    assert signal_to_noise(expected, found) > 40
    assert signal_to_noise(real, found) > 25
    assert signal_to_noise(real, found) == pytest.approx(signal_to_noise(real, expected), abs=1)


def test_scales_are_those_of_this_table(quantized, converted, table, samples, tmp_path):
    """With any layer's input cut at half its range the result is another: no scale is idle."""
    expected = reference(quantized.to_bytes(), samples)
    whole = signal_to_noise(expected, run(apply(*converted, table).write(tmp_path, "whole"), samples))
    for i in range(len(table)):
        changed = list(table)
        changed[i] = Multipliers(table[i].weights, table[i].input * 2)
        files = apply(*converted, changed).write(tmp_path, f"changed{i}")
        assert signal_to_noise(expected, run(files, samples)) < whole - 6, i
