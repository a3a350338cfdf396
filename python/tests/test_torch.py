"""Models and loaders of PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rangefinder as rf
from rangefinder.torch import module_finder

NAMES = ["", "stem", "stem.0", "stem.1", "conv1", "layer1", "layer1.0", "layer1.0.conv1", "branches", "branches.left", "blocks", "blocks.1"]


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("/stem/stem.0/Conv", "stem.0"),
        ("/stem/stem.0/Conv_output_0", "stem.0"),
        ("/conv1/Conv", "conv1"),
        ("/layer1/layer1.0/conv1/Conv_output_0", "layer1.0.conv1"),
        ("/left/Relu", "branches.left"),
        ("/blocks.1/Gemm", "blocks.1"),
        ("/stem/unknown/Conv", "stem"),
        ("/Add", None),
        ("layer1.0.conv1.weight", "layer1.0.conv1"),
        ("input", None),
        ("output", None),
    ],
)
def test_names_lead_to_modules(name, module):
    assert module_finder(NAMES)(name) == module


def make_net(torch):
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
            self.branches = nn.ModuleDict({"left": nn.Conv2d(8, 8, 1), "right": nn.Conv2d(8, 8, 3, padding=1)})
            self.head = nn.Linear(8, 5)

        def forward(self, image):
            x = self.stem(image)
            x = torch.relu(self.branches["left"](x) + self.branches["right"](x))
            return self.head(x.mean(dim=(2, 3)))

    torch.manual_seed(0)
    net = Net()
    net.stem[1].running_mean.uniform_(-1, 1)
    net.stem[1].running_var.uniform_(0.5, 2)
    return net


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.fixture(scope="module")
def batches(torch):
    torch.manual_seed(1)
    return [torch.randn(2, 3, 16, 16) for _ in range(24)]


def test_a_module_is_quantized(torch, batches):
    net = make_net(torch).train()
    quantized = rf.quantize(net, batches, example_inputs=batches[0])
    assert net.training
    assert quantized.integer_nodes == 4
    assert set(quantized.modules.values()) >= {"stem.0", "branches.left", "branches.right", "head"}
    assert next(iter(quantized.tensors)) == "image"
    output = quantized.outputs["output"]
    assert output["sqnr_db"] > 20
    # Batches of another size: the first dimension is open.
    net.eval()
    session = rf._native.Session(rf._native.Model.parse(quantized.to_bytes(), ""))
    x = torch.randn(5, 3, 16, 16)
    ours, theirs = session.run({"image": x})["output"], net(x).detach().numpy()
    assert ours.shape == theirs.shape
    assert np.square(theirs).sum() > 100 * np.square(ours - theirs).sum()


def test_weights_keep_the_names_of_state_dict(torch, batches):
    net = make_net(torch)
    model = rf.torch.export(net, batches[0])
    onnx = pytest.importorskip("onnx")
    names = {each.name for each in onnx.load_model_from_string(model.native.bytes()).graph.initializer}
    assert {name for name in net.state_dict() if "num_batches" not in name} <= names


def test_several_inputs_by_position_and_by_name(torch):
    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.product = torch.nn.Linear(8, 4)

        def forward(self, left, right):
            return torch.relu(self.product(left)) + right

    torch.manual_seed(2)
    net = Two()
    pairs = [(torch.randn(3, 8), torch.randn(3, 4)) for _ in range(20)]
    by_order = rf.quantize(net, pairs, example_inputs=pairs[0])
    named = [{"right": right, "left": left} for left, right in pairs]
    assert rf.quantize(net, named, example_inputs=named[0]).to_bytes() == by_order.to_bytes()
    with pytest.raises(ValueError, match="wrong"):
        rf.quantize(net, named, example_inputs={"wrong": 1})


@pytest.mark.parametrize("workers", [0, 2])
def test_data_loaders(torch, batches, workers):
    utils = torch.utils.data
    images, labels = torch.cat(batches), torch.zeros(48)
    loader = utils.DataLoader(utils.TensorDataset(images, labels), batch_size=2, num_workers=workers)
    net = make_net(torch)
    ours = rf.quantize(net, loader, example_inputs=batches[0], collate_fn=lambda batch: batch[0])
    assert ours.to_bytes() == rf.quantize(net, batches, example_inputs=batches[0]).to_bytes()


def test_tensors_that_are_not_plain(torch, batches, cnn, samples):
    expected = rf.quantize(cnn, samples).to_bytes()
    transposed = [torch.from_numpy(s).transpose(2, 3).contiguous().transpose(2, 3) for s in samples]
    assert rf.quantize(cnn, transposed).to_bytes() == expected
    graded = [torch.from_numpy(s).requires_grad_() * 1 for s in samples]
    assert rf.quantize(cnn, graded).to_bytes() == expected


    rough = [torch.from_numpy(s).bfloat16() for s in samples]
    assert rf.quantize(cnn, rough).to_bytes() == rf.quantize(cnn, [r.float() for r in rough]).to_bytes()
    image = torch.from_numpy(samples[0])
    for wrong, said in ((image.to_sparse(), "sparse"), (image.to(torch.complex64), "complex64")):
        with pytest.raises(TypeError, match=f"sample 0: .*{said}"):
            rf.quantize(cnn, [wrong])


def test_outputs_that_are_none_and_inputs_called_like_outputs(torch):
    class Odd(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.product = torch.nn.Linear(8, 4)

        def forward(self, input, output):
            return self.product(input) + output, None

    pairs = [(torch.randn(3, 8), torch.randn(3, 4)) for _ in range(20)]
    quantized = rf.quantize(Odd(), pairs, example_inputs=pairs[0])
    assert list(quantized.outputs) == ["output_"]


def test_traced_modules_and_scripts(torch):
    torch.manual_seed(4)
    net = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU())
    data = [torch.randn(3, 8) for _ in range(20)]
    expected = rf.quantize(net, data, example_inputs=data[0]).tensors.values()
    for other in (torch.jit.trace(net, data[0]), torch.jit.script(net)):
        found = rf.quantize(other, data, example_inputs=data[0]).tensors.values()
        assert [(t.scale, t.zero_point) for t in found] == [(t.scale, t.zero_point) for t in expected]


def test_more_open_dimensions(torch):
    torch.manual_seed(5)
    net = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU())
    model = rf.torch.export(net, torch.randn(2, 3, 8), dynamic_axes={"input": {0: "batch", 1: "steps"}})
    lengths = [torch.randn(2, 3 + i % 4, 8) for i in range(20)]
    assert rf.quantize(model, lengths).integer_nodes == 1


def test_an_export_that_differs_is_refused(torch):
    class Fixed(torch.nn.Module):
        """The exporter takes down what this call did; the check runs it again."""

        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(4, 4)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return self.linear(x) * self.calls

    with pytest.raises(rf.Error, match="differs"):
        rf.torch.export(Fixed(), torch.ones(1, 4))


def test_without_example_inputs(torch, batches):
    with pytest.raises(TypeError, match="example_inputs"):
        rf.quantize(make_net(torch), batches)
