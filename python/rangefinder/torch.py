"""From PyTorch: a module and example inputs become an ONNX model that keeps the module's names.

    quantized = rangefinder.quantize(module, loader, example_inputs=next(iter(loader))[0])

does it by itself; export() is for more say. docs/from_pytorch.md tells what is kept and what is checked.
"""

from __future__ import annotations

import inspect
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import _models, _native, _runtime

#: Signal over difference, in dB, that ONNX Runtime's and PyTorch's outputs must reach on the example.
LEAST_AGREEMENT_DB = 40.0


def load(module: Any, example_inputs: Any) -> _models.LoadedModel:
    """What quantize() makes of a module."""
    if example_inputs is None:
        raise TypeError("example_inputs: needed for a torch module: a tensor, or a tuple or dictionary of the inputs")
    return export(module, example_inputs)


def export(
    module: Any,
    example_inputs: Any,
    *,
    dynamic_batch: bool = True,
    opset: int = 17,
    check: bool = True,
    **more: Any,
) -> _models.LoadedModel:
    """The module as an ONNX model that quantize() and the other functions take.

    example_inputs  a tensor, a tuple of positional inputs, or a dictionary by name
    dynamic_batch   leaves the first dimension of all inputs and outputs open
    check           runs both on the example and compares: throws Error if they differ
    more            goes to torch.onnx.export()

    Inputs are called as the parameters of forward(). Weights keep the names of state_dict(): nothing is folded here.
    """
    import torch  # type: ignore[import-not-found, unused-ignore]

    _runtime.ensure()
    arguments, names = _arguments(module, example_inputs)
    folder = tempfile.TemporaryDirectory(prefix="rangefinder-")
    file = os.path.join(folder.name, "model.onnx")
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            expected = _flat(module(*arguments))
        options = _export_options(torch, names, len(expected), dynamic_batch, opset)
        torch.onnx.export(module, tuple(arguments), file, **{**options, **more})
    finally:
        module.train(was_training)
    loaded = _models.LoadedModel(_native.Model.load(file), module_finder(name for name, _ in module.named_modules()), folder)
    if check:
        _compare(loaded.native, dict(zip(names, arguments)), expected)
    return loaded


def _arguments(module: Any, example: Any) -> tuple[list[Any], list[str]]:
    parameters = _parameters(module)
    if isinstance(example, Mapping):
        unknown = [name for name in example if name not in parameters]
        if unknown:
            raise ValueError(f"example_inputs: '{unknown[0]}' is no parameter of forward(); those are {', '.join(parameters)}")
        names = [name for name in parameters if name in example]
        if names != parameters[: len(names)]:
            raise ValueError(f"example_inputs: inputs before '{names[-1]}' are missing; forward() has {', '.join(parameters)}")
        return [example[name] for name in names], names
    arguments = list(example) if isinstance(example, (list, tuple)) else [example]
    return arguments, [parameters[i] if i < len(parameters) else f"input_{i}" for i in range(len(arguments))]


def _parameters(module: Any) -> list[str]:
    try:
        return list(inspect.signature(module.forward).parameters)
    except ValueError:  # traced: a function without a signature, but with a schema
        return [argument.name for argument in module.forward.schema.arguments[1:]]


def _export_options(torch: Any, names: Sequence[str], output_count: int, dynamic_batch: bool, opset: int) -> dict[str, Any]:
    outputs = [f"output_{i}" if output_count > 1 else "output" for i in range(output_count)]
    # The exporter would rename an input that is called so.
    while not set(outputs).isdisjoint(names):
        outputs = [f"{name}_" for name in outputs]
    options: dict[str, Any] = {
        "input_names": list(names),
        "output_names": outputs,
        "opset_version": opset,
        # In evaluation mode, but unfolded: folding renames weights, and is done later anyway.
        "training": torch.onnx.TrainingMode.PRESERVE,
        "do_constant_folding": False,
    }
    if dynamic_batch:
        options["dynamic_axes"] = {name: {0: "batch"} for name in [*names, *outputs]}
    # The exporter by tracing, which knows those two; the default of PyTorch until 2.8.
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    return options


def _flat(value: Any) -> list[Any]:
    if value is None:  # no output of the exported model
        return []
    if isinstance(value, Mapping):
        return [each for part in value.values() for each in _flat(part)]
    if isinstance(value, (list, tuple)):
        return [each for part in value for each in _flat(part)]
    return [value]


def _compare(model: _native.Model, inputs: Mapping[str, Any], expected: Sequence[Any]) -> None:
    import numpy as np

    session = _native.Session(model)
    known = {name for name, _, _ in session.inputs()}
    found = session.run({name: _numpy(value) for name, value in inputs.items() if name in known})
    for (name, _, _), theirs in zip(session.outputs(), expected):
        ours, wanted = found[name].astype(np.float64), _numpy(theirs).astype(np.float64)
        same_shape = ours.shape == wanted.shape
        difference = float(np.square(ours - wanted).sum()) if same_shape else float("inf")
        if not difference * 10 ** (LEAST_AGREEMENT_DB / 10) <= float(np.square(wanted).sum()) and difference != 0:
            raise _native.Error(
                f"output '{name}' of the exported model differs from PyTorch's on example_inputs:"
                f" {ours.shape} against {wanted.shape}, squared difference {difference:.3g};"
                " the exporter may have fixed what depends on the input"
            )


def _numpy(tensor: Any) -> Any:
    return tensor.detach().cpu().contiguous().numpy()


def module_finder(module_names: Iterable[str]) -> Callable[[str], "str | None"]:
    """A function from names of nodes and tensors, as the exporter writes them, to names of modules.

    A node is called "/layer1/layer1.0/conv1/Conv", what it makes "..._output_0": the modules that were called on the
    way, a child of a Sequential or ModuleList with its parent's name. Weights carry the module's name.
    """
    known = set(module_names)

    def step(current: str, part: str) -> str | None:
        parent, _, last = current.rpartition(".")
        candidates = [f"{current}.{part}" if current else part]
        if part.startswith(f"{last}."):
            candidates.append(f"{parent}.{part}" if parent else part)
        for candidate in candidates:
            if candidate in known:
                return candidate
        # A ModuleDict and a module that is no part of the call leave no trace of their own.
        below = [name for name in known if name.endswith(f".{part}") and name.startswith(f"{current}." if current else "")]
        return below[0] if len(below) == 1 else None

    def find(name: str) -> str | None:
        if name.startswith("/"):
            current = ""
            for part in re.sub(r"_output_\d+$", "", name).split("/")[1:-1]:
                following = step(current, part)
                if following is None:
                    break
                current = following
            return current or None
        owner = name.rpartition(".")[0]
        return owner if owner in known and owner else None

    return find
