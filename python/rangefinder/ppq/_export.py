"""export_ppq_graph()."""

from __future__ import annotations

import json
import os
from typing import Any

from .. import _api
from ._graph import BaseGraph, QuantableOperation
from ._platforms import TargetPlatform, target_of


def export_ppq_graph(
    graph: BaseGraph,
    platform: Any,
    graph_save_to: str | os.PathLike[str],
    config_save_to: str | os.PathLike[str] | None = None,
    copy_graph: bool = True,
) -> None:
    """Writes the int8 model, and as `config_save_to` the quantization of each activation as PPQ's exporters do:
    `quant_info` for PPL_CUDA_INT8, else `configs`, `values` and `dispatchings`. `copy_graph` has no effect: a graph is
    never changed by exporting it.

    ONNXRUNTIME takes a graph of any platform, as in PPQ: all of them are ONNX with QuantizeLinear and DequantizeLinear.
    Throws NotImplementedError for another platform that is not the graph's, ValueError naming an activation that was not
    calibrated, Error for a place that cannot be written."""
    is_any = getattr(platform, "name", platform) in ("ONNX", "ONNXRUNTIME")
    if not is_any and target_of(platform) != graph.target:
        raise NotImplementedError(f"platform={platform}; the graph was quantized for the target {graph.target}")
    graph.save(graph_save_to)
    if config_save_to is None:
        return
    if getattr(platform, "name", platform) == TargetPlatform.PPL_CUDA_INT8.name:
        _api.export_table(graph.int8_model(), "ppl", config_save_to, float_model=graph.model)
        return
    with open(config_save_to, "w", encoding="utf-8") as file:
        json.dump(_config_table(graph), file, indent=4)


def _config_table(graph: BaseGraph) -> dict[str, Any]:
    plan = graph.plan
    numbers = {name: index for index, name in enumerate(plan.tensors)}
    configs: dict[str, dict[str, Any]] = {}
    for operation in graph:
        if not isinstance(operation, QuantableOperation):
            continue
        configs[operation.name] = {
            variable.name: {
                "bit_width": config.num_of_bits,
                "state": config.state.name,
                "quant_min": config.quant_min,
                "quant_max": config.quant_max,
                "hash": numbers[variable.name],
                "dominator": numbers[config.dominated_by.tensor],
            }
            for config, variable in operation.config_with_variable
        }
    values = {
        str(numbers[name]): {"scale": plan.config(name).scale[0], "zero_point": plan.config(name).offset[0]}
        for name in plan.tensors
        if plan.root(name) == name and plan.config(name).scale
    }
    dispatchings = {operation.name: operation.platform.name for operation in graph}
    return {"configs": configs, "values": values, "dispatchings": dispatchings}
