"""PPQ's graph: a float model with its operations, how its activations are quantized, and the int8 model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from .. import _files, _models, _native, _results
from .._statistics import Statistics
from ._configs import TensorQuantizationConfig
from ._platforms import DEFAULT_TARGET, TargetPlatform

COMPUTING_OP = ("Conv", "Gemm", "ConvTranspose", "MatMul")


class Variable:
    """A tensor of the graph."""

    def __init__(self, name: str, is_parameter: bool) -> None:
        self.name = name
        self.is_parameter = is_parameter
        self.source_op: Operation | None = None
        self.dest_ops: list[Operation] = []

    def __repr__(self) -> str:
        return f"Variable('{self.name}')"


class Operation:
    """A node of the graph."""

    def __init__(self, name: str, op_type: str, inputs: list[Variable], outputs: list[Variable]) -> None:
        self.name = name
        self.type = op_type
        self.inputs = inputs
        self.outputs = outputs

    @property
    def is_computing_op(self) -> bool:
        return self.type in COMPUTING_OP

    @property
    def num_of_input(self) -> int:
        return len(self.inputs)

    @property
    def platform(self) -> TargetPlatform:
        return TargetPlatform.FP32

    def __repr__(self) -> str:
        return f"{type(self).__name__}('{self.name}', {self.type})"


class QuantableOperation(Operation):
    """A node that computes in integers."""

    def __init__(self, operation: Operation, graph: BaseGraph) -> None:
        super().__init__(operation.name, operation.type, operation.inputs, operation.outputs)
        self._graph = graph

    @property
    def platform(self) -> TargetPlatform:
        return TargetPlatform.INT8

    @property
    def input_quant_config(self) -> list[TensorQuantizationConfig | None]:
        """Of each input; None for what is no activation in codes: weights, bounds, shapes."""
        return [self._graph.config_of(variable) for variable in self.inputs]

    @property
    def output_quant_config(self) -> list[TensorQuantizationConfig | None]:
        return [self._graph.config_of(variable) for variable in self.outputs]

    @property
    def config_with_variable(self) -> list[tuple[TensorQuantizationConfig, Variable]]:
        pairs = [(self._graph.config_of(variable), variable) for variable in [*self.inputs, *self.outputs]]
        return [(config, variable) for config, variable in pairs if config is not None]


class BaseGraph:
    """load_onnx_graph() and quantize_*_model() make it.

    operations, variables, inputs and outputs are those of the float model. What becomes codes stands in the engine's
    plan, made when it is first asked for.
    """

    def __init__(self, model: _models.LoadedModel, proto: Any) -> None:
        self.model = model
        self.name: str = proto.graph.name
        self.target = DEFAULT_TARGET
        self.exclude: list[str] = []
        #: Result of the calibration as a whole; None for a graph that passes calibrate, or nobody yet.
        self.quantized: _results.QuantizedModel | None = None
        self._proto = proto
        self._plan: _native.QuantizationPlan | None = None
        self._tensors: set[str] = set()
        self._read(proto.graph)

    def _read(self, graph: Any) -> None:
        constants = {tensor.name for tensor in graph.initializer}
        self.variables: dict[str, Variable] = {}
        self.operations: dict[str, Operation] = {}
        for node in graph.node:
            self._add(node, constants)
        self.inputs = {each.name: self._variable(each.name, constants) for each in graph.input if each.name not in constants}
        self.outputs = {each.name: self._variable(each.name, constants) for each in graph.output}

    def _variable(self, name: str, constants: set[str]) -> Variable:
        return self.variables.setdefault(name, Variable(name, name in constants))

    def _add(self, node: Any, constants: set[str]) -> None:
        if node.op_type == "Constant":
            constants.update(node.output)
            return
        inputs = [self._variable(name, constants) for name in node.input if name]
        outputs = [self._variable(name, constants) for name in node.output if name]
        operation = Operation(operation_name(node), node.op_type, inputs, outputs)
        self.operations[operation.name] = operation
        for variable in inputs:
            variable.dest_ops.append(operation)
        for variable in outputs:
            variable.source_op = operation

    def topological_sort(self) -> list[Operation]:
        return list(self.operations.values())

    @property
    def plan(self) -> _native.QuantizationPlan:
        """What becomes codes, with a config for each activation."""
        if self._plan is None:
            self._plan = _native.make_plan(self.model.native, {"target": self.target, "exclude": self.exclude})
            self._tensors = set(self._plan.tensors)
            if self.quantized is not None:
                self._activate(self._plan, self.quantized)
        return self._plan

    @staticmethod
    def _activate(plan: _native.QuantizationPlan, quantized: _results.QuantizedModel) -> None:
        for name, tensor in quantized.tensors.items():
            if tensor.root == name and plan.root(name) == name and plan.config(name).state == "INITIAL":
                plan.config(name).activate([tensor.scale], [tensor.zero_point])

    def config_of(self, variable: Variable) -> TensorQuantizationConfig | None:
        plan = self.plan
        return TensorQuantizationConfig(plan, variable.name) if variable.name in self._tensors else None

    def mark_quantable(self) -> None:
        """Nodes that will compute in integers become QuantableOperations."""
        import json

        text, _ = _native.inspect(self.model.native, {"target": self.target, "exclude": self.exclude})
        for row in json.loads(text)["nodes"]:
            operation = self.operations.get(row["name"])
            if operation is not None:
                self._replace(operation, QuantableOperation(operation, self))

    def _replace(self, operation: Operation, quantable: QuantableOperation) -> None:
        self.operations[operation.name] = quantable
        for variable in [*operation.inputs, *operation.outputs]:
            variable.dest_ops = [quantable if each is operation else each for each in variable.dest_ops]
            variable.source_op = quantable if variable.source_op is operation else variable.source_op

    @property
    def is_quantized(self) -> bool:
        """Whether anything was made of it but the float model."""
        return self.quantized is not None or self._plan is not None

    def int8_model(self) -> _native.Model:
        """Throws ValueError naming an activation that was not calibrated."""
        if self.quantized is not None:
            return self.quantized._native.model()
        if self._plan is None:
            raise ValueError("the graph is not quantized; quantize_native_model() does that")
        return self._plan.export()

    def forget_result(self) -> None:
        """A pass has changed the plan: the int8 model is to be made from that."""
        self.plan
        self.quantized = None

    def statistics(self) -> Statistics | None:
        return None if self.quantized is None else self.quantized.statistics

    def table(self) -> str:
        """What was done, for a person."""
        return "" if self.quantized is None else self.quantized.table()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the int8 model."""
        self.int8_model().save(_files.path_of(path))

    def _native_model(self) -> _native.Model:
        return self.int8_model() if self.is_quantized else self.model.native

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations.values())

    def __repr__(self) -> str:
        return f"BaseGraph('{self.name}', {len(self.operations)} operations)\n{self.table()}"


def operation_name(node: Any) -> str:
    """A node without a name goes by what it makes."""
    return node.name or next((name for name in node.output if name), "")


def graph_of(model: _models.LoadedModel, proto: Any = None) -> BaseGraph:
    """`proto`: the same model as an onnx.ModelProto, if it is at hand; weights may be missing."""
    return BaseGraph(model, proto if proto is not None else _proto_of(model))


def _proto_of(model: _models.LoadedModel) -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ImportError("rangefinder.ppq looks at graphs by the package onnx: pip install onnx") from error
    file = _files.path_of(model.native.file)
    if file not in ("", "."):
        return onnx.load_model(file, load_external_data=False)
    return onnx.load_model_from_string(model.native.bytes())


def load_onnx_graph(onnx_import_file: Any) -> BaseGraph:
    """Of a path, bytes or an onnx.ModelProto. Throws Error."""
    return graph_of(_models.load(onnx_import_file))
