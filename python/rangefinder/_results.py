"""Results that a person can look at and a program can read."""

from __future__ import annotations

import copy
import html
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import _files, _native
from ._statistics import Statistics


class Report:
    """What a command of the program prints, `table()`, and what it writes as JSON, `to_dict()`."""

    def __init__(self, text: str, table: str) -> None:
        self._dict: dict[str, Any] = json.loads(text)
        self._table = table

    def to_dict(self) -> dict[str, Any]:
        """A copy; docs/formats/ lists the keys."""
        return copy.deepcopy(self._dict)

    def table(self) -> str:
        return self._table

    def __getitem__(self, key: str) -> Any:
        return self._dict[key]

    def __repr__(self) -> str:
        return f"{type(self).__name__}\n{self._table}"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self._table)}</pre>"


class Comparison(Report):
    """How far a quantized model is from its original."""

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """By name: sqnr_db (None where equal), cosine, max_abs_error, ..."""
        return {row["name"]: row for row in self._dict["outputs"]}

    @property
    def reference(self) -> str | None:
        """The target that the model is written for, where its runtime is not here; see QuantizedModel.reference."""
        reference = self._dict["reference"]
        return None if reference is None else str(reference)


class Inspection(Report):
    """What would be quantized in a model, or what a statistics file holds."""


class ImportedCache(Report):
    """A TensorRT calibration cache as a model with explicit QuantizeLinear and DequantizeLinear, and what became of
    its lines."""

    def __init__(self, native: _native.Model, text: str, table: str, source: object) -> None:
        super().__init__(text, table)
        self._native = native
        # What the weights may still be read from.
        self._source = source

    def save(self, path: str | os.PathLike[str]) -> None:
        self._native.save(_files.path_of(path))

    def to_bytes(self) -> bytes:
        return self._native.bytes()


class AnalogComparison(Report):
    """How far an analog model is from its original."""


class TensorCalibration(Report):
    """Scale and zero point of one tensor, found without a model."""

    def __init__(self, text: str) -> None:
        found = json.loads(text)
        super().__init__(text, "\n".join(f"{key:12} {value}" for key, value in found.items()) + "\n")

    @property
    def scale(self) -> list[float]:
        return list(self._dict["scale"])

    @property
    def offset(self) -> list[int]:
        return list(self._dict["offset"])


@dataclass(frozen=True)
class TensorResult:
    """One quantized activation."""

    name: str
    #: The tensor whose parameters it shares; its own name if it has its own.
    root: str
    method: str
    scale: float
    zero_point: int
    #: Real values of the outermost codes.
    range: tuple[float, float]
    #: Share of the values seen that lie outside.
    clipped_share: float
    #: None for a tensor of zeros.
    sqnr_db: float | None
    figures: dict[str, float] = field(default_factory=dict)
    #: The torch module whose output this is, if the model came from PyTorch and has one.
    module: str | None = None


#: Of a tensor in the summary; what else there is are figures of its method.
_TENSOR_KEYS = frozenset(
    "name root method range scale offset count nan_count inf_count clipped_share sqnr_db held_out_clipped_share held_out_sqnr_db".split()
)


class QuantizedModel:
    """An int8 model and all that is known of it."""

    def __init__(self, native: _native.QuantizedModel, module_of: Callable[[str], str | None], source: object) -> None:
        self._native = native
        self._dict: dict[str, Any] = json.loads(native.json())
        self._modules = _modules(self._dict, module_of)
        # What the weights may still be read from.
        self._source = source

    @property
    def tensors(self) -> dict[str, TensorResult]:
        """The quantized activations by name, in graph order."""
        return {row["name"]: self._tensor(row) for row in self._dict["tensors"]}

    def _tensor(self, row: dict[str, Any]) -> TensorResult:
        return TensorResult(
            name=row["name"],
            root=row["root"],
            method=row["method"],
            scale=row["scale"],
            zero_point=row["offset"],
            range=(row["range"][0], row["range"][1]),
            clipped_share=row["clipped_share"],
            sqnr_db=row["sqnr_db"],
            figures={key: value for key, value in row.items() if key not in _TENSOR_KEYS},
            module=self._modules.get(row["name"]),
        )

    @property
    def outputs(self) -> dict[str, dict[str, Any]]:
        """Errors of the outputs on held-out samples, by name; empty if none were held out."""
        return {row["name"]: row for row in self._dict["outputs"]}

    @property
    def verdict(self) -> dict[str, Any]:
        """How good the model is: `level` ("good", "fair", "poor" or None), `reasons`, `hints` (docs/verdict.md)."""
        return dict(copy.deepcopy(self._dict["verdict"]))

    @property
    def latency(self) -> dict[str, Any] | None:
        """Of one held-out sample on one thread, float and int8; None if none was held out."""
        latency = self._dict["latency"]
        return None if latency is None else dict(latency)

    @property
    def integer_nodes(self) -> int:
        """Convolutions and matrix products that compute in integers; with a `reference`, that are written with codes."""
        return int(self._dict["integer_nodes"])

    @property
    def reference(self) -> str | None:
        """The target, where its runtime is not here: errors are then those of QuantizeLinear and DequantizeLinear with
        float between them, and kernels and latency are not measured."""
        reference = self._dict["reference"]
        return None if reference is None else str(reference)

    @property
    def float_nodes(self) -> list[dict[str, str]]:
        """Those that do not: name, op_type, reason."""
        return list(self._dict["float_nodes"])

    @property
    def nodes(self) -> list[dict[str, Any]]:
        """The way through the network, in graph order: name, op_type, kernel ("integer", "float", "other"), reason,
        inputs, outputs; with `node_times` also float_us and int8_us, or timed_with, the node that tells its time."""
        return [dict(row) for row in self._dict["nodes"]]

    @property
    def node_times(self) -> dict[str, Any] | None:
        """How the time of one sample adds up; None unless asked for (docs/formats/summary.md)."""
        times = self._dict["node_times"]
        return None if times is None else dict(copy.deepcopy(times))

    @property
    def modules(self) -> dict[str, str]:
        """Of a model from PyTorch: the module of each node and tensor."""
        return dict(self._modules)

    @property
    def statistics(self) -> Statistics | None:
        """What was observed; None if the model was solved from such."""
        native = self._native.statistics()
        return None if native is None else Statistics(native)

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        summary: str | os.PathLike[str] | None = None,
        statistics: str | os.PathLike[str] | None = None,
        report: str | os.PathLike[str] | None = None,
    ) -> None:
        """Writes the model and what else is asked for, all of it together or nothing."""
        if not _files.path_of(path):
            raise ValueError("a model needs the name of a file")
        self._native.save(
            _files.path_of(path), _files.path_of(statistics or ""), _files.path_of(summary or ""), _files.path_of(report or "")
        )

    def report(self, path: str | os.PathLike[str]) -> None:
        """Writes a page to look at in a browser: one HTML file; docs/report.md tells what is on it."""
        if not _files.path_of(path):
            raise ValueError("a report needs the name of a file")
        self._native.save("", "", "", _files.path_of(path))

    def to_bytes(self) -> bytes:
        return self._native.model().bytes()

    def to_onnx(self) -> Any:
        """An onnx.ModelProto."""
        import onnx

        return onnx.load_model_from_string(self.to_bytes())

    def to_dict(self) -> dict[str, Any]:
        """A copy of the program's summary; docs/formats/summary.md lists the keys."""
        return copy.deepcopy(self._dict)

    def table(self) -> str:
        """What the program prints."""
        return self._native.table()

    def __repr__(self) -> str:
        return f"QuantizedModel\n{self.table()}"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.table())}</pre>"


def _modules(summary: dict[str, Any], module_of: Callable[[str], str | None]) -> dict[str, str]:
    names = [row["name"] for key in ("tensors", "float_nodes") for row in summary[key]]
    names += [row["node"] for row in summary.get("bias_corrections", [])]
    found = {name: module_of(name) for name in names}
    return {name: module for name, module in found.items() if module is not None}
