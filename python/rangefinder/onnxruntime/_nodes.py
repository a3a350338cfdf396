"""Which nodes stay float: what the four arguments that choose nodes say, as names."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from .._live_nodes import live_nodes

#: Fused into what stands before them; they have no kernel on codes that could be left out.
_FUSED = {"Relu", "Clip"}


def excluded_nodes(
    model: Any,
    *,
    nodes_to_exclude: Sequence[str] | None,
    nodes_to_quantize: Sequence[str] | None,
    op_types_to_quantize: Sequence[str] | None,
    extra_options: Mapping[str, Any],
) -> list[str]:
    """Names of nodes that compute on data. Others, and names that are not in the model, are overlooked, as theirs are."""
    const_only = bool(extra_options.get("MatMulConstBOnly"))
    if not (nodes_to_exclude or nodes_to_quantize or op_types_to_quantize or const_only):
        return []
    graph = _graph_of(model)
    constants = {tensor.name for tensor in graph.initializer} | {
        name for node in graph.node if node.op_type == "Constant" for name in node.output
    }
    excluded = []
    for node in live_nodes(graph):
        # A node without a name goes by what it makes.
        name = node.name or next((output for output in node.output if output), "")
        chosen = node.name in (nodes_to_quantize or [node.name])
        chosen &= node.op_type in (op_types_to_quantize or [node.op_type])
        chosen &= not (const_only and node.op_type == "MatMul" and node.input[1] not in constants)
        is_named = bool(node.name) and node.name in (nodes_to_exclude or [])
        if name and (is_named or (not chosen and node.op_type not in _FUSED)):
            excluded.append(name)
    return excluded


def _graph_of(model: Any) -> Any:
    if hasattr(model, "graph"):
        return model.graph
    import onnx

    if isinstance(model, (bytes, bytearray)):
        return onnx.load_model_from_string(bytes(model)).graph
    return onnx.load_model(os.fspath(model), load_external_data=False).graph
