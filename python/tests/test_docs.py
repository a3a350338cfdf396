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


@pytest.mark.parametrize("page", ["docs/from_onnxruntime_quantization.md", "docs/from_ppq.md"])
def test_changed_imports(page):
    pytest.importorskip("onnx")
    names: dict[str, object] = {}
    assert run_blocks(page, names) == 1
    assert {"CalibrationDataReader", "export_ppq_graph"} & set(names)


def test_aihwkit_page(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    import torch1  # noqa: F401

    configs = pytest.importorskip("aihwkit_lightning.simulator.configs")
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(8, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2))

    def sampler():
        yield from [((torch.randn(4, 8),), {}) for _ in range(5)]

    names = {"model": net, "rpu_config": configs.TorchInferenceRPUConfig(), "Sampler": sampler, "numpy": np}
    names["network"] = torch.nn.Sequential(torch.nn.Linear(8, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2))
    assert run_blocks("docs/from_aihwkit_lightning.md", names) == 2
    assert names["network"][2].input_range.tolist() == names["model"][2].input_range.tolist()
    assert all(layer.rpu_config.forward.inp_res == 254 for layer in names["model"].analog_layers())
