"""The options that go to the engine as they are, each named once here and once in python/native/."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import numpy as np

from . import _files


class PlanOptions(TypedDict, total=False):
    """What becomes codes."""

    target: str
    exclude: Sequence[str] | str


class MethodOptions(TypedDict, total=False):
    """How ranges are found."""

    method: str
    percentile: float
    alpha: float
    axis: int
    top_k: int


class RunOptions(TypedDict, total=False):
    """How the work runs; results do not depend on it."""

    jobs: int
    nonfinite: Literal["error", "ignore"]
    keep: str | os.PathLike[str]


class CheckpointOptions(TypedDict, total=False):
    """Where a long run saves how far it is, after how many samples, and whether there must be such a file."""

    checkpoint: str | os.PathLike[str]
    every: int
    resume: bool


class DeviceOptions(TypedDict, total=False):
    """Where the float model runs while it is observed: "cpu", "cuda" or "cuda:N"."""

    device: str


class SolveOptions(PlanOptions, MethodOptions, RunOptions, total=False):
    effort: Literal["fast", "normal", "thorough"]
    decisions: str | os.PathLike[str]


class QuantizeOptions(SolveOptions, CheckpointOptions, DeviceOptions, total=False):
    """Also what parts are left float for."""

    min_sqnr: float
    max_drop: float
    fastest: bool
    require_sqnr: float
    node_times: bool


class ObserveOptions(PlanOptions, RunOptions, CheckpointOptions, DeviceOptions, total=False):
    rows: Sequence[str] | str
    row_axis: int
    shard: str


class TensorOptions(MethodOptions, total=False):
    """Of calibrate_tensor()."""

    symmetric: bool
    bits: int
    quant_min: int
    quant_max: int
    channel_axis: int | None
    power_of_2: bool
    fp8: Literal["e4m3", "e5m2"] | None
    rounding: str
    compat: Literal["ppq"] | None
    measure: bool
    nonfinite: Literal["error", "ignore"]


class ImportOptions(MethodOptions, RunOptions, total=False):
    """Of import_cache(): how missing ranges are found."""


def native(options: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """As the extension reads them."""
    words = {name: _plain(value) for name, value in {**options, **more}.items() if value is not None}
    for name in ("exclude", "rows"):
        # One pattern alone, which would be taken letter by letter.
        if isinstance(words.get(name), str):
            words[name] = [words[name]]
        elif name in words:
            words[name] = list(words[name])
    for name in ("keep", "decisions", "checkpoint"):
        if name in words:
            words[name] = _files.path_of(words[name])
    if "method_for" in words:
        if not isinstance(words["method_for"], Mapping):
            raise TypeError(
                f"method_for: {type(words['method_for']).__name__}; allowed: a dictionary, from names of tensors to methods"
            )
        words["method_for"] = list(words["method_for"].items())
    for name in ("samples", "most_held_out", "jobs"):
        natural(name.removeprefix("most_"), words.get(name))
    positive("every", words.get("every"))
    return words


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's, which the extension knows."""
    return value.item() if isinstance(value, np.generic) else value


def positive(name: str, value: int | None) -> None:
    natural(name, value)
    if value == 0:
        raise ValueError(f"{name}: 0; allowed: 1 or more")


def natural(name: str, value: int | None) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, np.integer))):
        raise TypeError(f"{name}: a value of type {type(value).__name__} is not allowed")
    if value is not None and value < 0:
        raise ValueError(f"{name}: {value}; allowed: 0 or more")
