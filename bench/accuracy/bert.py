"""A sentence encoder of the BERT family as an ONNX model, from weights in the safetensors format.

The graph has the operators that PyTorch's exporter writes at opset 14: MatMul and Add, layer norms and GELU in
primitives, dynamic batch and length. Weight names are those of the file.
"""

import json
import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def read_safetensors(data):
    """Name -> array of a safetensors file: 8 bytes of length, a JSON header, raw values."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    types = {"F32": np.float32, "I64": np.int64}
    body = data[8 + length:]
    return {name: np.frombuffer(body[slice(*entry["data_offsets"])], types[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in header.items()}


class Encoder:
    """Writes the graph node by node; `add` returns the name of a node's only output."""

    def __init__(self, weights, config):
        self._weights = weights
        self._heads = config["num_attention_heads"]
        self._width = config["hidden_size"]
        self._layers = config["num_hidden_layers"]
        self._epsilon = config["layer_norm_eps"]
        self._nodes, self._initializers = [], {}

    def add(self, kind, *inputs, **attributes):
        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], name=f"/{name}", **attributes))
        return name

    def constant(self, name, value):
        self._initializers[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def scalar(self, value):
        return self.constant(f"scalar_{value}", np.float32(value))

    def weight(self, name, transposed=False):
        return self.constant(name, self._weights[name].T if transposed else self._weights[name])

    def linear(self, x, name):
        product = self.add("MatMul", x, self.weight(f"{name}.weight", transposed=True))
        return self.add("Add", self.weight(f"{name}.bias"), product)

    def layer_norm(self, x, name):
        centered = self.add("Sub", x, self.add("ReduceMean", x, axes=[-1]))
        variance = self.add("ReduceMean", self.add("Pow", centered, self.scalar(2.0)), axes=[-1])
        deviation = self.add("Sqrt", self.add("Add", variance, self.scalar(self._epsilon)))
        scaled = self.add("Mul", self.add("Div", centered, deviation), self.weight(f"{name}.weight"))
        return self.add("Add", scaled, self.weight(f"{name}.bias"))

    def gelu(self, x):
        erf = self.add("Erf", self.add("Div", x, self.scalar(math.sqrt(2.0))))
        return self.add("Mul", self.add("Mul", x, self.add("Add", erf, self.scalar(1.0))), self.scalar(0.5))

    def heads(self, x, order):
        shape = self.constant("heads", np.array([0, 0, self._heads, self._width // self._heads], np.int64))
        return self.add("Transpose", self.add("Reshape", x, shape), perm=order)

    def attention(self, x, mask, name):
        query = self.heads(self.linear(x, f"{name}.self.query"), [0, 2, 1, 3])
        key = self.heads(self.linear(x, f"{name}.self.key"), [0, 2, 3, 1])
        value = self.heads(self.linear(x, f"{name}.self.value"), [0, 2, 1, 3])
        scale = self.scalar(math.sqrt(self._width / self._heads))
        scores = self.add("Add", self.add("Div", self.add("MatMul", query, key), scale), mask)
        context = self.add("MatMul", self.add("Softmax", scores, axis=-1), value)
        flat = self.constant("flat", np.array([0, 0, self._width], np.int64))
        joined = self.add("Reshape", self.add("Transpose", context, perm=[0, 2, 1, 3]), flat)
        return self.layer_norm(self.add("Add", self.linear(joined, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def embeddings(self):
        words = self.add("Gather", self.weight("embeddings.word_embeddings.weight"), "input_ids")
        types = self.add("Gather", self.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
        length = self.add("Gather", self.add("Shape", "input_ids"), self.constant("one", np.array([1])), axis=0)
        places = self.add("Slice", self.weight("embeddings.position_embeddings.weight"),
                          self.constant("zero", np.array([0])), length)
        return self.layer_norm(self.add("Add", self.add("Add", words, types), places), "embeddings.LayerNorm")

    def mask(self):
        """0 where there is a token, a very large negative number elsewhere; broadcast over heads and queries."""
        mask = self.add("Unsqueeze", "attention_mask", self.constant("axes", np.array([1, 2])))
        inverted = self.add("Sub", self.scalar(1.0), self.add("Cast", mask, to=TensorProto.FLOAT))
        return self.add("Mul", inverted, self.constant("lowest", np.float32(np.finfo(np.float32).min)))

    def model(self):
        x, mask = self.embeddings(), self.mask()
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}"
            x = self.attention(x, mask, f"{name}.attention")
            inner = self.gelu(self.linear(x, f"{name}.intermediate.dense"))
            x = self.layer_norm(self.add("Add", self.linear(inner, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")
        self._nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
        tokens = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
                  for name in ("input_ids", "attention_mask", "token_type_ids")]
        hidden = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", self._width])
        graph = helper.make_graph(self._nodes, "encoder", tokens, [hidden], list(self._initializers.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
        onnx.checker.check_model(model)
        return model
