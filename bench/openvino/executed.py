#!/usr/bin/env python3
"""Which layers of a model OpenVINO's CPU plugin executes in int8: the check of the target `openvino`.

    executed.py MODEL...    prints for each model how many layers with weights run in int8, and the others by name

Needs PyPI's openvino. What is read is the graph that the plugin really executes (CompiledModel.get_runtime_model()), after all
of its own transformations: kind, precision and implementation of each layer.
"""

import sys
from dataclasses import dataclass

import openvino

#: Layers that multiply, as the plugin calls them.
WEIGHTED = {"Convolution", "Deconvolution", "FullyConnected", "MatMul", "RNNCell", "RNNSeq"}


@dataclass(frozen=True)
class Layer:
    kind: str
    name: str
    implementation: str

    @property
    def is_int8(self):
        return self.implementation.lower().endswith("_i8")


def compile_model(path, threads=1):
    """The model for the CPU. Float stays float32: where the processor has bfloat16 the plugin would take that by itself."""
    options = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(str(path), "CPU", options)


def layers(compiled):
    """The layers that are executed, in order."""
    found = []
    for node in compiled.get_runtime_model().get_ordered_ops():
        info = node.get_rt_info()

        def text(key, info=info):
            return str(info[key].value) if key in info else ""

        found.append(Layer(text("layerType"), text("originalLayersNames"), text("primitiveType")))
    return found


def weighted_layers(compiled):
    return [layer for layer in layers(compiled) if layer.kind in WEIGHTED]


def main():
    for path in sys.argv[1:]:
        weighted = weighted_layers(compile_model(path))
        print(f"{path}: {sum(layer.is_int8 for layer in weighted)} of {len(weighted)} layers with weights run in int8")
        for layer in weighted:
            if not layer.is_int8:
                print(f"  {layer.kind} {layer.implementation} {layer.name}")


if __name__ == "__main__":
    sys.exit(main())
