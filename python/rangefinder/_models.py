"""What users give as a model, as the engine takes it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

from . import _files, _native, _runtime
from ._results import QuantizedModel

#: Protobuf cannot serialize more than this.
_MOST_BYTES = 2**31 - 1


class LoadedModel:
    """A model and, if it came from PyTorch, which module a node or tensor belongs to."""

    def __init__(
        self,
        native: _native.Model,
        module_of: Callable[[str], str | None] = lambda name: None,
        folder: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        self.native = native
        self.module_of = module_of
        # Holds what `native` reads as long as it is used.
        self._folder = folder
        self._names: list[str] | None = None

    def input_names(self) -> list[str]:
        if self._names is None:
            self._names = [name for name, _, _ in self.native.inputs()]
        return self._names


def load(model: Any, example_inputs: Any = None) -> LoadedModel:
    """A path, serialized bytes, an onnx.ModelProto, a torch module, or one of our own results."""
    _runtime.ensure()
    if isinstance(model, LoadedModel):
        return model
    is_module = _is_torch_module(model)
    if example_inputs is not None and not is_module:
        raise TypeError("example_inputs: only for a torch module")
    if is_module:
        from . import torch as exporter

        return exporter.load(model, example_inputs)
    return _load(model)


def _load(model: Any) -> LoadedModel:
    if isinstance(model, _native.Model):
        return LoadedModel(model)
    if isinstance(model, QuantizedModel):
        return LoadedModel(model._native.model())
    if isinstance(model, (str, os.PathLike)):
        return LoadedModel(_native.Model.load(_files.path_of(model)))
    if isinstance(model, (bytes, bytearray, memoryview)):
        return LoadedModel(_native.Model.parse(bytes(model), ""))
    if callable(getattr(model, "SerializeToString", None)) and hasattr(model, "graph"):
        return _of_message(model)
    raise TypeError(
        f"model: {type(model).__name__}; allowed: a path, bytes, an onnx.ModelProto, a torch.nn.Module, a result of quantize()"
    )


def _is_torch_module(model: Any) -> bool:
    return any(f"{base.__module__}.{base.__qualname__}" == "torch.nn.modules.module.Module" for base in type(model).__mro__)


def _of_message(message: Any) -> LoadedModel:
    if message.ByteSize() <= _MOST_BYTES:
        return LoadedModel(_native.Model.parse(message.SerializeToString(), ""))
    import onnx

    folder = tempfile.TemporaryDirectory(prefix="rangefinder-")
    file = os.path.join(folder.name, "model.onnx")
    copy = onnx.ModelProto()
    copy.CopyFrom(message)
    onnx.save_model(copy, file, save_as_external_data=True, location="model.onnx.data")
    return LoadedModel(_native.Model.load(file), folder=folder)


def metric_of(metric: Callable[[str], float] | None) -> Callable[[_native.Model], float] | None:
    """What the engine asks, of a figure that the user takes of a file."""
    if metric is None:
        return None
    if not callable(metric):
        raise TypeError(f"metric: {type(metric).__name__}; allowed: a function of the path of a model")
    function = metric

    def figure(model: _native.Model) -> float:
        file = _files.path_of(model.file)
        if file not in ("", "."):
            return float(function(file))
        with tempfile.TemporaryDirectory(prefix="rangefinder-") as folder:
            file = os.path.join(folder, "model.onnx")
            model.save(file)
            return float(function(file))

    return figure
