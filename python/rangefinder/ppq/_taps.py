"""A model that also gives what flows inside of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from .. import _native


class TappedModel:
    """Runs a model, float or int8, and reads inner tensors of it.

    A tensor that becomes an output may keep ONNX Runtime from fusing its neighbours; its value is the same up to
    float32 rounding.
    """

    def __init__(self, model: _native.Model, tensors: Sequence[str] = ()) -> None:
        self._session = _native.Session(_with_outputs(model, tensors))
        self.input_names = [name for name, _, _ in self._session.inputs()]
        self.output_names = [name for name, _, _ in self._session.outputs()]

    def run(self, sample: dict[str, Any]) -> dict[str, Any]:
        return dict(self._session.run(sample))


def _with_outputs(model: _native.Model, tensors: Sequence[str]) -> _native.Model:
    present = {name for name, _, _ in model.outputs()}
    missing = [name for name in tensors if name not in present]
    if not missing:
        return model
    import onnx

    proto = onnx.load_model_from_string(model.bytes())
    made = {name for node in proto.graph.node for name in node.output}
    for name in missing:
        if name not in made:
            raise ValueError(f"no tensor '{name}'")
        # Runtimes infer what it is.
        proto.graph.output.append(onnx.ValueInfoProto(name=name))
    return _native.Model.parse(proto.SerializeToString(), os.path.dirname(os.fspath(model.file)))


def tensor_names(model: _native.Model) -> set[str]:
    """All tensors that nodes of a model make."""
    import onnx

    proto = onnx.load_model_from_string(model.bytes())
    return {name for node in proto.graph.node for name in node.output}
