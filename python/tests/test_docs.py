"""The blocks of the documentation, run one after the other."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

import rangefinder as rf

from conftest import ROOT, pictures


def run_blocks(page: str, names: dict[str, object]) -> int:
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    return len(blocks)


def test_python_page(cnn, samples, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(cnn, "model.onnx")
    rf.observe(cnn, pictures(12, seed=5)).save("machine2.rfs")
    names = {"np": np, "onnxruntime": pytest.importorskip("onnxruntime"), "labels": np.zeros(8)}
    assert run_blocks("docs/python.md", {**names, "calibration_data": samples, "test_data": pictures(8, seed=6)}) == 9
    assert (tmp_path / "model.int8.onnx").exists()
    assert "kernels" in capsys.readouterr().out


def test_tutorial(cnn, tmp_path, monkeypatch, capsys):
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    shutil.copy(cnn, "model.onnx")
    assert run_blocks("docs/tutorial/python.md", {}) == 3
    assert "(1, 10)" in capsys.readouterr().out


def test_readme_lines(cnn, samples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(cnn, "model.onnx")
    assert run_blocks("README.md", {"calibration_data": samples}) == 1
    assert (tmp_path / "model.int8.onnx").exists()


def test_pytorch_page(tmp_path, monkeypatch, capsys):
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    nn = torch.nn
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10))
    data = [(torch.from_numpy(np.concatenate(pictures(2, seed))), torch.zeros(2)) for seed in range(12)]
    assert run_blocks("docs/from_pytorch.md", {"net": net, "loader": data, "images": data[0][0]}) == 3
    assert (tmp_path / "net.int8.onnx").exists()
