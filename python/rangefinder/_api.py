"""The functions of the package; each is one call of the engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from . import _files, _models, _native, _options, _progress, _results, _samples
from ._statistics import Statistics

Progress = bool | _progress.ProgressFunction | None


def quantize(
    model: Any,
    data: Any,
    *,
    samples: int | None = None,
    held_out: Any = None,
    collate_fn: Callable[[Any], Any] | None = None,
    example_inputs: Any = None,
    pictures: Mapping[str, Any] | None = None,
    method_for: Mapping[str, str] | None = None,
    metric: Callable[[str], float] | None = None,
    progress: Progress = True,
    **options: Unpack[_options.QuantizeOptions],
) -> _results.QuantizedModel:
    """Observes the model on the samples, solves ranges, weights and biases, makes the int8 model and measures it.

    model           a path, bytes, an onnx.ModelProto, or a torch.nn.Module with `example_inputs`
    data            samples: arrays, dictionaries, tuples in the order of the inputs, from a list, a DataLoader, a
                    generator, a CalibrationDataReader; or paths of .npy, .npz, pictures, tar archives of them, folders
    samples         calibrate on the first so many; those that follow judge the result
    held_out        how many samples judge the result (default 32, 0: none), or other data for that
    collate_fn      makes a sample of what `data` yields
    method          "mse" (default), "minmax", "percentile", "kl", ..., or a registered one: methods() lists them
    method_for      tensor name patterns and other methods for them
    percentile, alpha, axis, top_k: what methods can be told
    effort          "fast", "normal" (default), "thorough"
    exclude         patterns of nodes that stay float
    min_sqnr        leave float what is most harmful, until every output reaches so many dB on the held-out samples;
                    for the target qnn, give it codes of 16 bits first
    metric          the same by a figure of your own: a function of the path of a model, higher is better;
    max_drop        by how much it may be lower than the float model's
    fastest         leave float what integers make slower on this machine
    decisions       a JSON file of what was left float: followed if it exists, written if not
    require_sqnr    throw Error if an output stays below so many dB
    node_times      also tell the time of each node, float and int8: some ten runs of both models more
    target          one of targets()
    jobs            cores, default all; the result does not depend on it
    device          "cpu" (default), "cuda" or "cuda:N": where the float model runs while it is observed; a GPU that
                    cannot be used is warned of, and the CPU is taken
    nonfinite       "error" (default) or "ignore"
    progress        True: a bar of tqdm; False; or a function of (stage, done, total or None)
    keep            a folder for what is made on the way
    checkpoint      a file in which the observation saves how far it is, after `every` samples or as often as takes less
                    than 1 % of the time: killed, the same call goes on from there; removed at the end
    resume          True: an Error if there is no checkpoint to go on from

    The same samples give the same bytes as the program. Throws Error (file, node, tensor), ValueError and TypeError
    for wrong arguments, and whatever `data`, `collate_fn` or an observer throws.
    """
    loaded = _models.load(model, example_inputs)
    source = _samples.samples_of(data, loaded.input_names, collate_fn, pictures)
    judges, most = _held_out(held_out, loaded, collate_fn, pictures)
    words = _options.native(
        options, samples=samples, most_held_out=most, method_for=method_for, metric=_models.metric_of(metric)
    )
    native = _native.quantize(loaded.native, source, judges, _progress.function_of(progress), words)
    return _results.QuantizedModel(native, loaded.module_of, loaded)


def _held_out(
    given: Any,
    loaded: _models.LoadedModel,
    collate_fn: Callable[[Any], Any] | None,
    pictures: Mapping[str, Any] | None,
) -> tuple[_native.Samples | None, int | None]:
    """Samples to judge by, or how many of the data shall."""
    if given is None or isinstance(given, (int, np.integer)):
        return None, given if given is None or isinstance(given, bool) else int(given)
    is_file = _samples.is_path(given)
    return _samples.samples_of(given, loaded.input_names, None if is_file else collate_fn, pictures if is_file else None), None


def observe(
    model: Any,
    data: Any,
    *,
    samples: int | None = None,
    held_out: int | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    example_inputs: Any = None,
    pictures: Mapping[str, Any] | None = None,
    progress: Progress = True,
    **options: Unpack[_options.ObserveOptions],
) -> Statistics:
    """The first half of quantize(): counts what flows through the model. solve() takes what it returns.

    held_out        how many samples are left out for others to judge by, as in quantize()
    device          where the model runs, as in quantize()
    rows, row_axis  name patterns of tensors whose rows are kept too, for methods that look at rows
    shard           "K/N": every N-th sample from the K-th on, of files; "auto": as Slurm, Kubernetes or MPI number
                    this process (docs/scale.md)
    checkpoint, every, resume: as in quantize()
    """
    loaded = _models.load(model, example_inputs)
    source = _samples.samples_of(data, loaded.input_names, collate_fn, pictures)
    words = _options.native(options, samples=samples, most_held_out=held_out)
    return Statistics(_native.observe(loaded.native, source, _progress.function_of(progress), words))


def solve(
    model: Any,
    statistics: Statistics | str | os.PathLike[str],
    *,
    example_inputs: Any = None,
    method_for: Mapping[str, str] | None = None,
    progress: Progress = True,
    **options: Unpack[_options.SolveOptions],
) -> _results.QuantizedModel:
    """The second half: an int8 model from statistics, without inference. Takes the options of quantize()."""
    loaded = _models.load(model, example_inputs)
    counted = _statistics_of(statistics)._native
    words = _options.native(options, method_for=method_for)
    native = _native.solve(loaded.native, counted, _progress.function_of(progress), words)
    return _results.QuantizedModel(native, loaded.module_of, loaded)


def merge(statistics: Iterable[Statistics | str | os.PathLike[str]]) -> Statistics:
    """Adds up statistics, e.g. of several machines: exact, in any order."""
    parts = (_statistics_of(each) for each in statistics)
    first = next(parts, None)
    if first is None:
        raise ValueError("no statistics to merge")
    # One copy is made, and one part is in memory at a time.
    total: Statistics | None = None
    for part in parts:
        if total is None:
            total = first.merge(part)
        else:
            total._native.absorb(part._native)
    return first if total is None else total


def compare(
    float_model: Any,
    quantized: Any,
    data: Any,
    *,
    samples: int | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    example_inputs: Any = None,
    pictures: Mapping[str, Any] | None = None,
    latency: bool = False,
    node_times: bool = False,
    jobs: int = 0,
    progress: Progress = True,
) -> _results.Comparison:
    """Runs both models on the same samples and compares the outputs; with `latency` also times both, with
    `node_times` also each node."""
    original = _models.load(float_model, example_inputs)
    other = _models.load(quantized)
    source = _samples.samples_of(data, original.input_names, collate_fn, pictures)
    words = _options.native({}, samples=samples, latency=latency, node_times=node_times, jobs=jobs)
    return _results.Comparison(
        *_native.compare(original.native, other.native, source, _progress.function_of(progress), words)
    )


def inspect(model: Any, *, example_inputs: Any = None, **options: Unpack[_options.PlanOptions]) -> _results.Inspection:
    """What quantize() would do to a model, without data; of a quantized one, what ONNX Runtime makes of it; of a
    statistics file (.rfs), what it holds. Takes `exclude` and `target`."""
    if isinstance(model, (str, os.PathLike)) and _files.path_of(model).endswith(".rfs"):
        return _results.Inspection(*_native.inspect_statistics(_files.path_of(model)))
    loaded = _models.load(model, example_inputs)
    return _results.Inspection(*_native.inspect(loaded.native, _options.native(options)))


def export_table(
    source: Any,
    format: str,
    path: str | os.PathLike[str] | None = None,
    *,
    float_model: Any = None,
    trt_version: str | None = None,
    trt_algorithm: str | None = None,
) -> bytes:
    """Scales and zero points in a format of another runtime; table_formats() lists them (docs/formats/tables.md).

    source          a result of quantize(), a model with QuantizeLinear and DequantizeLinear as a path, bytes or an
                    onnx.ModelProto, or the path of a summary
    path            also write the table there
    float_model     the float model: its names, and for a summary its layers and weights
    trt_version     for "tensorrt-cache", which needs it: the release that is to read it, "8.6.1"
    trt_algorithm   for "tensorrt-cache": the calibrator (default "EntropyCalibration2")
    """
    words: dict[str, Any] = {
        "format": format,
        "trt_version": trt_version,
        "trt_algorithm": trt_algorithm,
        "output": None if path is None else _files.path_of(path),
    }
    if float_model is not None:
        words["float_model"] = _models.load(float_model).native
    if isinstance(source, (str, os.PathLike)):
        return _native.export_table_file(_files.path_of(source), words)
    return _native.export_table(_models.load(source).native, words)


def table_formats() -> dict[str, str]:
    """The formats that export_table() writes, with a line about each."""
    return dict(_native.table_formats())


def import_cache(
    cache: str | os.PathLike[str],
    model: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    missing_data: Any = None,
    samples: int | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    pictures: Mapping[str, Any] | None = None,
    progress: Progress = True,
    **options: Unpack[_options.ImportOptions],
) -> _results.ImportedCache:
    """A calibration cache of TensorRT 5 to 10 and the float model that it is of become a model with explicit
    QuantizeLinear and DequantizeLinear, which TensorRT 11 needs (docs/from_tensorrt_caches.md).

    path            also write the model there
    missing_data    samples, as for quantize(): calibrate what the cache lacks; without, what reads it stays float
    samples         of those the first so many
    method, percentile, alpha, axis, top_k: how missing ranges are found, as in quantize()
    """
    if missing_data is None and (samples is not None or collate_fn or pictures or "method" in options):
        raise TypeError("samples, collate_fn, pictures and method need missing_data")
    loaded = _models.load(model)
    source = None
    if missing_data is not None:
        source = _samples.samples_of(missing_data, loaded.input_names, collate_fn, pictures)
    words = _options.native(options, samples=samples, output=None if path is None else _files.path_of(path))
    native = _native.import_cache(_files.path_of(cache), loaded.native, source, _progress.function_of(progress), words)
    return _results.ImportedCache(*native, loaded)


def calibrate_tensor(batches: Iterable[Any], **options: Unpack[_options.TensorOptions]) -> _results.TensorCalibration:
    """Scale and zero point of one tensor from batches of it, without a model.

    method, percentile, alpha, axis, top_k: as in quantize()
    symmetric (False), bits (8), quant_min, quant_max, channel_axis, power_of_2, fp8 ("e4m3", "e5m2"), rounding
    compat          "ppq": PPQ's observers, bugs included
    measure         also what quantization does to the batches, as `error`
    """
    whole = None if _samples.is_path(batches) else _samples.whole
    return _results.TensorCalibration(
        _native.calibrate_tensor(_samples.samples_of(batches, lambda: [""], whole), _options.native(options))
    )


def methods() -> list[str]:
    """The calibration methods: built in, registered, from plug-ins."""
    return _native.methods()


def targets() -> dict[str, str]:
    """The runtimes that models can be written for, the default one first, with a line about each."""
    return dict(_native.targets())


def load_plugin(file: str | os.PathLike[str]) -> list[str]:
    """Registers the observers of a shared library (docs/observers.md) and returns their names."""
    return _native.load_plugin(_files.path_of(file))


def _statistics_of(given: Statistics | str | os.PathLike[str]) -> Statistics:
    if isinstance(given, Statistics):
        return given
    if isinstance(given, (str, os.PathLike)):
        return Statistics.load(given)
    raise TypeError(f"statistics: {type(given).__name__}; allowed: Statistics, a path")
