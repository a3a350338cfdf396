"""Archives and lists of files give what the files give."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

import rangefinder as rf


@pytest.fixture(scope="module")
def expected(cnn, sample_folder) -> bytes:
    return rf.quantize(cnn, sample_folder).to_bytes()


@pytest.mark.parametrize("packing", ["w", "w:gz"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_archive(cnn, sample_folder, expected, tmp_path, packing, form):
    path = tmp_path / ("all.tar.gz" if packing == "w:gz" else "all.tar")
    with tarfile.open(path, packing, format=form) as archive:
        for file in sorted(sample_folder.iterdir()):
            archive.add(file, arcname=f"train/{file.name}")
    assert rf.quantize(cnn, path).to_bytes() == expected


def test_list(cnn, sample_folder, expected, tmp_path):
    lines = [str(file) for file in sorted(sample_folder.iterdir())]
    (tmp_path / "list.txt").write_text("# all\n" + "\n".join(lines) + "\n")
    assert rf.quantize(cnn, f"@{tmp_path}/list.txt").to_bytes() == expected
    Path(tmp_path / "list.txt").write_text("gone.npy\n")
    with pytest.raises(rf.Error, match="line 1: .*gone.npy"):
        rf.quantize(cnn, f"@{tmp_path}/list.txt")
