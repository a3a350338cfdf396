"""PPQ's three error analyses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .. import _api, _native
from .. import _samples as _data
from .._statistics import Statistics
from ._executor import named_arrays
from ._graph import BaseGraph, Operation, QuantableOperation
from ._measure import Mean, measure
from ._taps import TappedModel, tensor_names

#: What may stand between a product and the tensor that becomes codes.
_FOLLOWING = {"Relu", "Clip", "BatchNormalization", "Add", "Identity"}


def graphwise_error_analyse(
    graph: BaseGraph,
    running_device: str = "cpu",
    dataloader: Iterable[Any] | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    method: str = "snr",
    steps: int = 8,
    verbose: bool = True,
    fetchs: int = 4096,
) -> dict[str, float]:
    """How far each product's output in the int8 model is from the float model's, errors from upstream included.

    The float and the int8 model run side by side. Returns the error by operation: the share of noise power ("snr"),
    "mse" or "cosine". All values count, so `fetchs` is not needed."""
    pairs = _comparable(graph)
    of = measure(method)
    errors = {name: Mean(of) for name in pairs}
    original = TappedModel(graph.model.native, sorted({theirs for theirs, _ in pairs.values()}))
    quantized = TappedModel(graph.int8_model(), sorted({ours for _, ours in pairs.values()}))
    for sample in _samples(dataloader, collate_fn, steps, original.input_names):
        real, pred = original.run(sample), quantized.run(sample)
        for name, (tensor, restored) in pairs.items():
            errors[name].add(pred[restored], real[tensor])
    return _report({name: mean.value() for name, mean in errors.items()}, method, verbose)


def layerwise_error_analyse(
    graph: BaseGraph,
    dataloader: Iterable[Any] | None = None,
    interested_outputs: str | Sequence[str] | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    running_device: str = "cpu",
    method: str = "snr",
    steps: int = 8,
    verbose: bool = True,
) -> dict[str, float]:
    """How much the graph's outputs lose if one product alone computes in integers; the worst are candidates for
    `dispatching_table`.

    Each model is solved from what was counted when the graph was quantized, so the network runs once per operation
    and sample, and calibrates no more."""
    of = measure(method)
    outputs = [interested_outputs] if isinstance(interested_outputs, str) else list(interested_outputs or graph.outputs)
    original = TappedModel(graph.model.native, outputs)
    samples = list(_samples(dataloader, collate_fn, steps, original.input_names))
    real = [original.run(sample) for sample in samples]
    errors = {}
    for operation, model in _one_by_one(graph, samples):
        mean = Mean(of)
        quantized = TappedModel(model, outputs)
        for sample, reference in zip(samples, real):
            pred = quantized.run(sample)
            for output in outputs:
                mean.add(pred[output], reference[output])
        errors[operation] = mean.value()
    return _report(errors, method, verbose)


def statistical_analyse(
    graph: BaseGraph,
    running_device: str = "cpu",
    dataloader: Iterable[Any] | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    steps: int = 8,
) -> list[dict[str, Any]]:
    """A row for each activation in codes that an operation reads or makes: its distribution, and what share of its
    power is quantization noise. pandas.DataFrame() takes it."""
    statistics = _statistics_of(graph, list(_samples(dataloader, collate_fn, steps, graph.model.input_names())))
    known = {row["name"] for row in statistics.tensors()}
    solved = graph.quantized.tensors if graph.quantized is not None else {}
    rows = []
    for operation in graph:
        if not isinstance(operation, QuantableOperation):
            continue
        for config, variable in operation.config_with_variable:
            root = config.dominated_by.tensor
            tensor = variable.name if variable.name in known else root
            if tensor not in known:
                continue
            decibels = solved[root].sqnr_db if root in solved else None
            rows.append(
                {
                    "Op name": operation.name,
                    "Op type": operation.type,
                    "Is parameter": False,
                    "Is input": variable in operation.inputs,
                    "Is output": variable in operation.outputs,
                    "Variable name": variable.name,
                    "Noise:Signal Power Ratio": None if decibels is None else 10 ** (-decibels / 10),
                    **_moments(statistics, tensor),
                }
            )
    return rows


def _moments(statistics: Statistics, tensor: str) -> dict[str, Any]:
    """Of the float values, from their counts: exact but for the width of a bucket, at most 1/128 of a value."""
    import numpy as np

    low, high, count = statistics.histogram(tensor)
    middle = (low + high) / 2
    weights = count / max(int(count.sum()), 1)
    mean = float((middle * weights).sum())
    deviation = float(np.sqrt(((middle - mean) ** 2 * weights).sum()))
    scaled = (middle - mean) / (deviation or 1.0)
    row = next(each for each in statistics.tensors() if each["name"] == tensor)
    bars, _ = np.histogram(middle, bins=32, weights=count)
    return {
        "Float Mean": mean,
        "Float Std": deviation,
        "Float Skewness": float((scaled**3 * weights).sum()),
        "Float Kurtosis": float((scaled**4 * weights).sum()) - 3,
        "Float Hist": [int(bar) for bar in bars],
        "Float Max": row["max"],
        "Float Min": row["min"],
    }


def _comparable(graph: BaseGraph) -> dict[str, tuple[str, str]]:
    """Of each product the first tensor behind it that both models have: its name in the float and in the int8 one."""
    present = tensor_names(graph.int8_model())
    pairs = {}
    for operation in graph:
        names = _behind(operation, present) if operation.is_computing_op else None
        if names is not None:
            pairs[operation.name] = names
    if not pairs:
        raise ValueError("no product of the graph has a tensor that the int8 model has too")
    return pairs


def _behind(operation: Operation, present: set[str]) -> tuple[str, str] | None:
    while True:
        variable = operation.outputs[0]
        # What becomes codes gives its name to what is restored from them; nobody may want that.
        for name in (variable.name, f"{variable.name}_float"):
            if name in present:
                return variable.name, name
        if len(variable.dest_ops) != 1 or variable.dest_ops[0].type not in _FOLLOWING:
            return None
        operation = variable.dest_ops[0]


def _one_by_one(graph: BaseGraph, samples: list[Any]) -> Iterator[tuple[str, _native.Model]]:
    """Each product with the model in which it alone computes in integers."""
    statistics = _statistics_of(graph, samples)
    operations = [operation for operation in graph if isinstance(operation, QuantableOperation)]
    method = graph.quantized.to_dict()["method"] if graph.quantized is not None else "percentile"
    for operation in operations:
        others = [other.name for other in operations if other is not operation]
        solved = _api.solve(
            graph.model,
            statistics,
            method=method,
            effort="fast",
            exclude=[*graph.exclude, *others],
            target=graph.target,
            progress=False,
        )
        yield operation.name, solved._native.model()


def _statistics_of(graph: BaseGraph, samples: list[Any]) -> Statistics:
    return graph.statistics() or _api.observe(
        graph.model, samples, held_out=0, target=graph.target, exclude=graph.exclude, progress=False
    )


def _samples(
    dataloader: Iterable[Any] | None, collate_fn: Callable[[Any], Any] | None, steps: int, names: list[str]
) -> Iterator[dict[str, Any]]:
    if dataloader is None:
        raise TypeError("dataloader is needed")
    for index, item in enumerate(_data.each(dataloader)):
        if index >= steps:
            return
        yield named_arrays(item if collate_fn is None else collate_fn(item), names)


def _report(errors: dict[str, float], method: str, verbose: bool) -> dict[str, float]:
    if verbose:
        worst = sorted(errors.items(), key=lambda each: each[1], reverse=method != "cosine")
        width = max((len(name) for name in errors), default=0)
        for name, error in worst:
            print(f"{name:{width}}  {error:.6f}" if method == "mse" else f"{name:{width}}  {100 * error:9.4f} %")
    return errors
