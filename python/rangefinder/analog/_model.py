"""Analog models of ONNX."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from typing import Any

from .. import _files, _models, _native, _progress, _results, _samples


@dataclass(frozen=True)
class AnalogLayer:
    """A weight matrix on its tiles."""

    #: The node's name; of a recurrent node "<node>.weight_ih", "<node>.weight_hh".
    name: str
    #: What PyTorch calls the module, as far as the file tells; else the node's name.
    module: str
    op_type: str
    #: Inputs of each tile.
    slices: list[int]
    #: One for each tile; empty until calibrated.
    input_range: list[float]


class AnalogModel:
    """A float model and what of it goes onto analog tiles; convert_to_analog() makes it."""

    def __init__(self, native: _native.AnalogModel, loaded: _models.LoadedModel) -> None:
        self._native = native
        self._loaded = loaded

    @property
    def layers(self) -> list[AnalogLayer]:
        """In graph order."""
        rows = self._native.layers()
        return [AnalogLayer(**{**row, "module": self._loaded.module_of(row["name"]) or row["module"]}) for row in rows]

    @property
    def digital_nodes(self) -> list[tuple[str, str, str]]:
        """Nodes that could have been layers but stay digital: name, operator, reason."""
        return list(self._native.digital_nodes())

    def to_bytes(self, noise_seed: int | None = None) -> bytes:
        """The model in standard ONNX operators; with `noise_seed` the configured noise is drawn from it.

        Throws ValueError if a layer needs ranges and has none."""
        return self._native.export(noise_seed).bytes()

    def save(self, path: str | os.PathLike[str], *, ranges: str | os.PathLike[str] | None = None) -> None:
        """Writes to_bytes(), and `ranges` as .json or .npz, both or nothing."""
        if not _files.path_of(path):
            raise ValueError("a model needs the name of a file")
        self._native.save(_files.path_of(path), _files.path_of(ranges or ""))

    def load_ranges(self, path: str | os.PathLike[str]) -> None:
        """Gives the layers ranges of a file instead of calibrating. Throws Error naming the layer."""
        self._native.load_ranges(_files.path_of(path))

    def table(self) -> str:
        return self._native.table()

    def __repr__(self) -> str:
        return f"AnalogModel\n{self.table()}"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.table())}</pre>"

    def calibrate(self, calibration_type: str, data: Any, options: dict[str, Any], progress: Any) -> int:
        """Returns how many samples there were; calibrate_input_ranges() is the way to call it."""
        samples = _samples.samples_of(data, self._loaded.input_names)
        return int(self._native.calibrate(calibration_type, samples, _progress.function_of(progress), options))


def compare_analog(float_model: Any, analog: Any, data: Any, **options: Any) -> _results.AnalogComparison:
    """Runs a float model and its analog one on the same samples.

    analog          a file, or an AnalogModel that is calibrated
    types           calibration types to try beside: ["max", "mse"]
    quantile, seed, noise_draws, samples, jobs: as the command `analog compare`
    progress        as in quantize()
    """
    progress = options.pop("progress", True)
    original = _models.load(float_model)
    other = _models.load(analog.to_bytes() if isinstance(analog, AnalogModel) else analog)
    samples = _samples.samples_of(data, original.input_names)
    function = _progress.function_of(progress)
    return _results.AnalogComparison(*_native.compare_analog(original.native, other.native, samples, function, options))
