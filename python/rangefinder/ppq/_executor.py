"""TorchExecutor: runs a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._graph import BaseGraph
from ._platforms import note_device
from ._taps import TappedModel


class TorchExecutor:
    """Runs a graph on ONNX Runtime: the int8 model, or the float one before quantization.

        executor = TorchExecutor(graph)
        outputs = executor.forward(batch)
    """

    def __init__(self, graph: BaseGraph, fp16_mode: bool = True, device: str = "cpu") -> None:
        note_device(device)
        self._graph = graph
        self._models: dict[tuple[str, ...], TappedModel] = {}

    def forward(self, inputs: Any, output_names: Sequence[str] | None = None, hooks: Any = None) -> list[Any]:
        """The outputs, or the tensors `output_names`, in order: torch tensors if the inputs are, else arrays.

        inputs: a tensor, a list in the order of the graph's inputs, a dictionary. Throws ValueError for a tensor that
        is not there, Error for inputs that do not fit."""
        if hooks:
            raise NotImplementedError("hooks: not done; output_names reads inner tensors")
        names = list(self._graph.outputs) if output_names is None else list(output_names)
        key = tuple(names)
        if key not in self._models:
            self._models[key] = TappedModel(self._graph._native_model(), names)
        model = self._models[key]
        found = model.run(named_arrays(inputs, model.input_names))
        outputs = [found[name] for name in names]
        return [_as_torch(each) for each in outputs] if _is_torch(inputs) else outputs

    __call__ = forward


def named_arrays(inputs: Any, names: list[str]) -> dict[str, Any]:
    """A sample in PPQ's manner as a dictionary of arrays."""
    if isinstance(inputs, Mapping):
        return {name: _array(value) for name, value in inputs.items()}
    values = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    if len(values) != len(names):
        raise ValueError(f"inputs: {len(values)}; allowed: {len(names)}: {', '.join(names)}")
    return {name: _array(value) for name, value in zip(names, values)}


def _array(value: Any) -> Any:
    import numpy as np

    return np.ascontiguousarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)


def _is_torch(inputs: Any) -> bool:
    values = inputs.values() if isinstance(inputs, Mapping) else inputs if isinstance(inputs, (list, tuple)) else [inputs]
    return any(type(value).__module__.partition(".")[0] == "torch" for value in values)


def _as_torch(array: Any) -> Any:
    import torch  # type: ignore[import-not-found, unused-ignore]

    return torch.from_numpy(array)
