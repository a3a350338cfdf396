"""Which nodes compute on data."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper

from rangefinder._live_nodes import live_nodes


def graph_of(nodes, outputs=("y",), initializers=("w",)):
    return helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.ones((4, 4), np.float32), name) for name in initializers],
    )


def names(graph):
    return [node.name for node in live_nodes(graph)]


def test_constants_shapes_and_what_nobody_reads_are_left_out():
    graph = graph_of(
        [
            helper.make_node("Transpose", ["w"], ["wt"], name="folded"),
            helper.make_node("Shape", ["x"], ["s"], name="shape"),
            helper.make_node("Gather", ["s", "w"], ["g"], name="of the shape"),
            helper.make_node("MatMul", ["x", "wt"], ["p"], name="product"),
            helper.make_node("Relu", ["p"], ["unread"], name="unread"),
            helper.make_node("Reshape", ["p", "g"], ["y"], name="reshape"),
        ]
    )
    assert names(graph) == ["product", "reshape"]


def test_what_a_body_reads_is_read():
    body = helper.make_graph(
        [helper.make_node("Relu", ["p"], ["r"], name="inside")],
        "body",
        [],
        [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)],
    )
    graph = graph_of(
        [
            helper.make_node("MatMul", ["x", "w"], ["p"], name="product"),
            helper.make_node("If", ["c"], ["y"], name="choice", then_branch=body, else_branch=body),
        ],
        initializers=("w", "c"),
    )
    assert names(graph) == ["product", "choice"]
