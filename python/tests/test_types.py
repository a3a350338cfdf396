"""The package is typed, and what the documentation shows passes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import rangefinder as rf


@pytest.mark.parametrize("what", ["package", "sample"])
def test_mypy_accepts(what, tmp_path):
    pytest.importorskip("mypy")
    folder = Path(rf.__file__).parent
    # What is installed is found by itself, and must not be named again.
    path = {} if folder.parent.name == "site-packages" else {"MYPYPATH": str(folder.parent)}
    checked = ["-p", "rangefinder"] if what == "package" else [str(Path(__file__).with_name("typed_sample.py"))]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *checked],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": "", **path},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_names_what_the_extension_has():
    """What Python code of the package may use of the extension, and nothing that is not there."""
    import ast

    stub = ast.parse((Path(rf.__file__).parent / "_native.pyi").read_text())
    for node in stub.body:
        if isinstance(node, ast.FunctionDef):
            assert callable(getattr(rf._native, node.name))
        if isinstance(node, ast.ClassDef):
            members = [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
            for member in members:
                assert hasattr(getattr(rf._native, node.name), member), f"{node.name}.{member}"


def test_the_package_says_that_it_is_typed():
    assert (Path(rf.__file__).parent / "py.typed").exists()
