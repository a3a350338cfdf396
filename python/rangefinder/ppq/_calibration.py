"""RuntimeCalibrationPass."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

from .. import _progress, _samples
from ._graph import BaseGraph
from .core import common


class QuantizationOptimizationPass:
    """What passes derive from; optimize(graph=..., dataloader=..., executor=..., collate_fn=...) does the work."""

    def __init__(self, name: str = "") -> None:
        self.name = name or type(self).__name__

    def optimize(self, graph: BaseGraph, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{self.name}.optimize()")


class RuntimeCalibrationPass(QuantizationOptimizationPass):
    """Finds scale and offset of a graph's activations, as PPQ's pass of that name.

        RuntimeCalibrationPass("kl", override=True).optimize(graph, dataloader=data, calib_steps=32)

    Configs in state INITIAL are calibrated; with `override` also those ACTIVATED, and PASSIVE groups. `method` None:
    each config's own observer, or percentile. Nothing else of the graph changes; an exception leaves it as it was.
    """

    def __init__(self, method: str | None = None, override: bool = False, calib_steps: int = 32) -> None:
        super().__init__("PPQ Runtime Calibration Pass")
        self.method = method
        self.override = override
        self.calib_steps = calib_steps

    def optimize(
        self,
        graph: BaseGraph,
        dataloader: Iterable[Any] | None = None,
        executor: Any = None,
        calib_steps: int | None = None,
        collate_fn: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Returns the names of what was calibrated, in graph order. `executor` is not needed."""
        if dataloader is None:
            raise TypeError("RuntimeCalibrationPass: dataloader is needed")
        plan = graph.plan
        if self.method is None:
            for tensor in plan.tensors:
                config = plan.config(tensor)
                config.observer = config.observer or "percentile"
        samples = _samples.samples_of(dataloader, graph.model.input_names, collate_fn)
        options: dict[str, Any] = {"percentile": common.percentile(), "override": self.override}
        if self.method is not None:
            options["method"] = self.method
        steps = self.calib_steps if calib_steps is None else calib_steps
        rows = plan.calibrate(samples, steps, _progress.function_of(True), options)
        if rows and graph.quantized is not None:
            if graph.quantized.to_dict().get("bias_corrections"):
                warnings.warn("RuntimeCalibrationPass: biases are no longer corrected", stacklevel=2)
            graph.forget_result()
        return [name for name, _, _ in rows]


class IsotoneCalibrationPass(QuantizationOptimizationPass):
    """Calibrates outputs of Softmax, or `variables`, so that the order of the largest values survives."""

    def __init__(
        self, variables: list[str] | None = None, axis: int = -1, verbose: bool = True, calib_steps: int = 32
    ) -> None:
        super().__init__("PPQ Isotone Calibration Pass")
        self.variables = variables
        self.axis = axis
        self.calib_steps = calib_steps

    def optimize(
        self,
        graph: BaseGraph,
        dataloader: Iterable[Any] | None = None,
        executor: Any = None,
        calib_steps: int | None = None,
        collate_fn: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Throws ValueError naming a variable that is not quantized, or if there is none to calibrate."""
        known = set(graph.plan.tensors)
        names = self.variables or [
            op.outputs[0].name for op in graph if op.type == "Softmax" and op.outputs[0].name in known
        ]
        for name in names:
            if name not in known:
                raise ValueError(f"variables: '{name}' is not quantized")
        if not names:
            raise ValueError("no output of a Softmax is quantized; name variables")
        # One that is in force becomes INITIAL by the pass itself; the others stay as they are.
        if dataloader is None:
            raise TypeError("IsotoneCalibrationPass: dataloader is needed")
        plan = graph.plan
        samples = _samples.samples_of(dataloader, graph.model.input_names, collate_fn)
        kept = {name: plan.config(name).observer for name in plan.tensors}
        active = [plan.root(name) for name in names]
        for name in active:
            plan.config(name).observer = "isotone"
            plan.config(name).detail = {**plan.config(name).detail, "axis": float(self.axis)}
            if plan.config(name).state == "ACTIVATED":
                plan.config(name).move_to("INITIAL")
        for name in kept:
            if name not in active:
                plan.config(name).observer = kept[name] or "percentile"
        steps = self.calib_steps if calib_steps is None else calib_steps
        rows = plan.calibrate(samples, steps, _progress.function_of(True), {})
        graph.forget_result()
        return [name for name, _, _ in rows]
