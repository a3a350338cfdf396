"""Float networks in TensorFlow Lite's format as ONNX models, channels first, as an exporter of another framework writes them.

What small vision networks are made of, in float32 with constants in float32 or float16; anything else raises ValueError.
"""

import numpy as np
import onnx
import tflite
from onnx import helper, numpy_helper

OPSET = 17
TYPES = {tflite.TensorType.FLOAT32: np.float32, tflite.TensorType.FLOAT16: np.float16, tflite.TensorType.INT32: np.int32}
NAMES = {number: name for name, number in vars(tflite.BuiltinOperator).items() if isinstance(number, int)}
ACTIVATIONS = {tflite.ActivationFunctionType.NONE: None, tflite.ActivationFunctionType.RELU: "Relu",
               tflite.ActivationFunctionType.RELU6: "Clip"}


def onnx_of(data):
    """The ONNX model that computes what the TensorFlow Lite model in `data` does, pictures in planes."""
    return Converter(tflite.Model.GetRootAsModel(data, 0)).model()


def padding(size, kernel, stride):
    """Zeros before and behind with which ceil(size / stride) windows fit."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Converter:
    """One model. Tensors of four dimensions stand channels first, all others as they are."""

    def __init__(self, source):
        self.source, self.graph = source, source.Subgraphs(0)
        self.nodes, self.initializers, self.constants = [], [], {}

    def model(self):
        for index in range(self.graph.OperatorsLength()):
            self.convert(self.graph.Operators(index))
        inputs = [self.declared(index) for index in self.graph.InputsAsNumpy()]
        outputs = [self.declared(index) for index in self.graph.OutputsAsNumpy()]
        graph = helper.make_graph(self.nodes, "network", inputs, outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model

    # Tensors.

    def shape(self, index):
        """As TensorFlow Lite has it: channels last."""
        return [int(size) for size in self.graph.Tensors(index).ShapeAsNumpy()]

    def name(self, index):
        return f"{self.graph.Tensors(index).Name().decode()}:{index}"

    def declared(self, index):
        shape = self.shape(index)
        if len(shape) == 4:
            shape = [shape[0], shape[3], shape[1], shape[2]]
        return helper.make_tensor_value_info(self.name(index), onnx.TensorProto.FLOAT, shape)

    def constant(self, index):
        """Its values, None if it is computed."""
        if index in self.constants:
            return self.constants[index]
        tensor = self.graph.Tensors(index)
        data = self.source.Buffers(tensor.Buffer()).DataAsNumpy()
        if isinstance(data, int):
            return None
        return np.frombuffer(data.tobytes(), TYPES[tensor.Type()]).reshape(self.shape(index))

    def add(self, name, values):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def operand(self, index):
        """What a sum or product reads."""
        values = self.constant(index)
        if values is None:
            return self.name(index)
        if values.ndim in (1, 4):
            values = values.reshape((-1, 1, 1)) if values.ndim == 1 else values.transpose(0, 3, 1, 2)
        return self.add(self.name(index), values)

    # Nodes.

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{kind}_{len(self.nodes)}", **attributes))

    def activated(self, kind, inputs, output, activation, **attributes):
        """A node and what is fused into it."""
        follower = ACTIVATIONS[activation]
        if follower is None:
            return self.node(kind, inputs, output, **attributes)
        before = f"{output}/before"
        self.node(kind, inputs, before, **attributes)
        bounds = [self.add(f"{output}/{end}", np.float32(end)) for end in (0, 6)] if follower == "Clip" else []
        return self.node(follower, [before, *bounds], output)

    def convert(self, operator):
        code = self.source.OperatorCodes(operator.OpcodeIndex())
        kind = NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())].lower()
        kind = code.CustomCode().decode().lower() if kind == "custom" else kind
        if not hasattr(self, f"of_{kind}"):
            raise ValueError(f"no idea what the operator {kind} does")
        options = getattr(tflite, OPTIONS[kind])() if kind in OPTIONS else None
        if options is not None:
            table = operator.BuiltinOptions()
            options.Init(table.Bytes, table.Pos)
        inputs = [int(index) for index in operator.InputsAsNumpy()]
        getattr(self, f"of_{kind}")(inputs, int(operator.Outputs(0)), options)

    def window(self, options, size, kernel):
        strides = [options.StrideH(), options.StrideW()]
        if options.Padding() == tflite.Padding.VALID:
            return {"kernel_shape": kernel, "strides": strides}
        pads = [padding(*sizes) for sizes in zip(size, kernel, strides)]
        return {"kernel_shape": kernel, "strides": strides, "pads": [pad[0] for pad in pads] + [pad[1] for pad in pads]}

    def convolution(self, inputs, output, options, weights, groups):
        window = self.window(options, self.shape(inputs[0])[1:3], list(weights.shape[2:]))
        name = self.name(output)
        terms = [self.name(inputs[0]), self.add(f"{name}/weight", weights.astype(np.float32)),
                 self.add(f"{name}/bias", self.constant(inputs[2]).astype(np.float32))]
        self.activated("Conv", terms, name, options.FusedActivationFunction(), group=groups, **window)

    def of_conv_2d(self, inputs, output, options):
        self.convolution(inputs, output, options, self.constant(inputs[1]).transpose(0, 3, 1, 2), 1)

    def of_depthwise_conv_2d(self, inputs, output, options):
        weights = self.constant(inputs[1]).transpose(3, 0, 1, 2)
        self.convolution(inputs, output, options, weights, self.shape(inputs[0])[3])

    def of_convolution2dtransposebias(self, inputs, output, _):
        """MediaPipe's own: windows that do not overlap."""
        weights = self.constant(inputs[1]).astype(np.float32).transpose(3, 0, 1, 2)
        size = list(weights.shape[2:])
        if [length * by for length, by in zip(self.shape(inputs[0])[1:3], size)] != self.shape(output)[1:3]:
            raise ValueError("windows of a transposed convolution overlap")
        name = self.name(output)
        self.node("ConvTranspose", [self.name(inputs[0]), self.add(f"{name}/weight", weights),
                                    self.add(f"{name}/bias", self.constant(inputs[2]).astype(np.float32))],
                  name, kernel_shape=size, strides=size)

    def pool(self, kind, inputs, output, options):
        window = self.window(options, self.shape(inputs[0])[1:3], [options.FilterHeight(), options.FilterWidth()])
        self.activated(kind, [self.name(inputs[0])], self.name(output), options.FusedActivationFunction(), **window)

    def of_max_pool_2d(self, inputs, output, options):
        self.pool("MaxPool", inputs, output, options)

    def of_average_pool_2d(self, inputs, output, options):
        self.pool("AveragePool", inputs, output, options)

    def of_add(self, inputs, output, options):
        self.activated("Add", [self.operand(index) for index in inputs], self.name(output), options.FusedActivationFunction())

    def of_mul(self, inputs, output, options):
        self.activated("Mul", [self.operand(index) for index in inputs], self.name(output), options.FusedActivationFunction())

    def of_prelu(self, inputs, output, _):
        slope = self.add(f"{self.name(output)}/slope", self.constant(inputs[1]).reshape(-1, 1, 1))
        self.node("PRelu", [self.name(inputs[0]), slope], self.name(output))

    def of_relu(self, inputs, output, _):
        self.node("Relu", [self.name(inputs[0])], self.name(output))

    def of_hard_swish(self, inputs, output, _):
        self.node("HardSwish", [self.name(inputs[0])], self.name(output))

    def of_logistic(self, inputs, output, _):
        self.node("Sigmoid", [self.name(inputs[0])], self.name(output))

    def of_dequantize(self, inputs, output, _):
        self.constants[output] = self.constant(inputs[0]).astype(np.float32)

    def of_pad(self, inputs, output, _):
        ends = self.constant(inputs[1])[[0, 3, 1, 2]]
        pads = self.add(f"{self.name(output)}/pads", ends.T.ravel().astype(np.int64))
        self.node("Pad", [self.name(inputs[0]), pads], self.name(output))

    def of_resize_bilinear(self, inputs, output, options):
        places = ("align_corners" if options.AlignCorners() else "half_pixel" if options.HalfPixelCenters() else "asymmetric")
        before, after = (np.array(self.shape(index)[1:3]) for index in (inputs[0], output))
        scales = self.add(f"{self.name(output)}/scales", np.array([1, 1, *(after / before)], np.float32))
        self.node("Resize", [self.name(inputs[0]), "", scales], self.name(output), mode="linear",
                  coordinate_transformation_mode=places)

    def of_reshape(self, inputs, output, _):
        """Values in the order of channels last."""
        value, name = self.name(inputs[0]), self.name(output)
        if len(self.shape(output)) == 4:
            raise ValueError("a reshape to a picture")
        if len(self.shape(inputs[0])) == 4:
            self.node("Transpose", [value], f"{name}/last", perm=[0, 2, 3, 1])
            value = f"{name}/last"
        self.node("Reshape", [value, self.add(f"{name}/shape", np.array(self.shape(output), np.int64))], name)


OPTIONS = {"conv_2d": "Conv2DOptions", "depthwise_conv_2d": "DepthwiseConv2DOptions", "max_pool_2d": "Pool2DOptions",
           "average_pool_2d": "Pool2DOptions", "add": "AddOptions", "mul": "MulOptions",
           "resize_bilinear": "ResizeBilinearOptions"}
