"""Every script of examples/python/ runs, as a reader of the documentation runs it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import ROOT

SCRIPTS = sorted((ROOT / "examples" / "python").glob("*.py"))
#: What a script imports beside.
NEEDS = {
    "from_ppq": "onnx",
    "from_onnxruntime_quantization": "onnx",
    "from_pytorch": "torch",
    "many_machines_dask": "distributed",
    "many_machines_ray": "ray",
}


def test_there_are_scripts():
    assert len(SCRIPTS) >= 3


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script(script, tmp_path):
    pytest.importorskip(NEEDS.get(script.stem, "numpy"))
    import rangefinder

    folder = os.path.dirname(os.path.dirname(rangefinder.__file__))
    paths = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
