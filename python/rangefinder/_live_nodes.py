"""Which nodes of a graph compute on data: the others are folded into constants before anything is quantized."""

from __future__ import annotations

from typing import Any

#: What they give does not depend on the data, or is no data.
_CONSTANT = {"Constant", "ConstantOfShape", "EyeLike", "Range", "Shape", "Size"}


def live_nodes(graph: Any) -> list[Any]:
    """The nodes of a GraphProto on whose way to an output data flow, in order.

    Shapes count as constants: where a graph leaves them open they stay, but they are integers, never codes."""
    constants = {tensor.name for tensor in graph.initializer}
    computing = []
    for node in graph.node:
        read = [name for name in node.input if name]
        if node.op_type in _CONSTANT or (all(name in constants for name in read) and not _has_body(node)):
            constants.update(node.output)
        else:
            computing.append(node)
    wanted = {output.name for output in graph.output}
    live = []
    for node in reversed(computing):
        if wanted.intersection(node.output):
            wanted.update(_read_names(node))
            live.append(node)
    return live[::-1]


def _has_body(node: Any) -> bool:
    return any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)


def _read_names(node: Any) -> set[str]:
    """What a node reads, its bodies included."""
    names = set(node.input)
    for attribute in node.attribute:
        bodies = [attribute.g] if attribute.HasField("g") else list(attribute.graphs)
        for body in bodies:
            names.update(output.name for output in body.output)
            for inner in body.node:
                names |= _read_names(inner)
    return names
