"""Finds the ONNX Runtime that the user has installed, once, before the first model is run."""

from __future__ import annotations

import importlib.util
import os
import threading

from . import _native

ADVICE = (
    "rangefinder needs ONNX Runtime 1.24 or later: pip install onnxruntime"
    " (or onnxruntime-gpu, onnxruntime-openvino), or name a libonnxruntime.so in RANGEFINDER_ONNXRUNTIME"
)

_lock = threading.Lock()
_found: tuple[str, str] | None = None


def ensure() -> tuple[str, str]:
    """Version and file of the library in use.

    RANGEFINDER_ONNXRUNTIME decides; else it is the one of the package `onnxruntime`, which is
    located but not imported: what Python needs of it is of no use here; else the system's.
    """
    global _found
    with _lock:
        if _found is None:
            version, file = _open()
            _found = version, os.fspath(file)
        return _found


def _open() -> tuple[str, os.PathLike[str]]:
    if not os.environ.get("RANGEFINDER_ONNXRUNTIME"):
        for folder in _package_folders():
            if os.path.isdir(os.path.join(folder, "capi")):
                return _native.use_onnx_runtime(folder)
    try:
        return _native.onnx_runtime()
    except _native.Error as error:
        if os.environ.get("RANGEFINDER_ONNXRUNTIME"):
            raise
        raise ImportError(ADVICE) from error


def _package_folders() -> list[str]:
    spec = importlib.util.find_spec("onnxruntime")
    if spec is None or spec.submodule_search_locations is None:
        return []
    return list(spec.submodule_search_locations)
