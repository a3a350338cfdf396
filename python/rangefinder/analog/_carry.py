"""Input ranges on their way between networks of PyTorch, ONNX models and files, by the names of modules."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from .. import _files, _models
from ..torch import module_finder
from . import _install, _layers
from ._model import AnalogModel

_SUFFIX = ".input_range"


def input_ranges(source: Any) -> dict[str, Any]:
    """`{"<module>.input_range": array}`, AIHWKIT-Lightning's parameter names, of an AnalogModel, a calibrated network,
    or a file that either wrote (.json, .npz).

    Throws ValueError if there are none."""
    import numpy as np

    if isinstance(source, (str, os.PathLike)):
        found = _of_file(_files.path_of(source))
    elif isinstance(source, AnalogModel):
        found = {layer.module: layer.input_range for layer in source.layers if layer.input_range}
    elif _models._is_torch_module(source):
        found = {
            name: module.input_range.detach().cpu().numpy()
            for name, module in source.named_modules()
            if getattr(module, "input_range", None) is not None
        }
    else:
        raise TypeError(f"source: {type(source).__name__}; allowed: an AnalogModel, a torch module, a path")
    if not found:
        raise ValueError("source: no layer has an input range; calibrate it first")
    return {f"{name}{_SUFFIX}": np.asarray(ranges, dtype=np.float32) for name, ranges in found.items()}


def load_input_ranges(model: Any, ranges: Any) -> dict[str, str]:
    """Sets the ranges of a torch network: analog layers of AIHWKIT-Lightning, else its Linear and Conv.

    ranges          what input_ranges() gives, or what it takes

    Names may be those of modules or of ONNX nodes ("/features/features.0/Conv"), from which the module is recovered.
    Returns the module that each name went to. Throws ValueError, and leaves the network as it was: a name that belongs
    to no module or to several, another number of slices, a range below 0 or not finite.
    """
    import numpy as np

    given = ranges if isinstance(ranges, Mapping) else input_ranges(ranges)
    layers = dict(_layers.find_layers(model, ()))
    modules = [name for name, _ in model.named_modules()]
    found: dict[str, tuple[str, list[float]]] = {}
    for name, values in given.items():
        bare = name.removesuffix(_SUFFIX)
        module = module_of(bare, layers, modules)
        found[module] = bare, [float(value) for value in np.asarray(values).reshape(-1)]
        _require_ranges(module, found[module][1])
        _require_slices(module, layers[module], found[module][1])
    for module, (_, values) in found.items():
        _install.install(layers[module], values)
    return {name: module for module, (name, _) in found.items()}


def _of_file(path: str) -> dict[str, Any]:
    import numpy as np

    if path.endswith(".npz"):
        with np.load(path) as arrays:
            return {name.removesuffix(_SUFFIX): arrays[name] for name in arrays}
    with open(path, encoding="utf-8") as file:
        layers = json.load(file)["layers"]
    return {layer.get("module") or name: layer["input_range"] for name, layer in layers.items()}


def _require_ranges(name: str, values: list[float]) -> None:
    wrong = next((value for value in values if not 0 <= value < float("inf")), None)
    if wrong is not None:
        raise ValueError(f"'{name}': a range of {wrong}; allowed: finite, 0 or more")


def _require_slices(name: str, layer: Any, values: list[float]) -> None:
    slices = len(layer.in_sizes) if _layers.is_analog(layer) else len(values)
    if len(values) != slices:
        raise ValueError(f"'{name}': {len(values)} ranges; allowed: {slices}, one for each slice")


def module_of(name: str, layers: Iterable[str], modules: Iterable[str]) -> str:
    """Which of `layers` a name means: itself, or the one whose path through `modules` a node's name spells.

    Throws ValueError."""
    known = list(layers)
    found = name if name in known else module_finder(modules)(name)
    if found not in known:
        raise ValueError(f"'{name}' belongs to no layer, or to several; allowed: {', '.join(known)}")
    assert found is not None
    return found
