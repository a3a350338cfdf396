"""The Post-Training Calibration Guide of AIHWKIT-Lightning with its import changed, on an ONNX model. With PyTorch, and
AIHWKIT-Lightning, networks of theirs are calibrated by the same call. Writes fashion_cnn.analog.onnx into the current
folder."""

from pathlib import Path

import numpy as np

# from aihwkit_lightning.inference.calibration import InputRangeCalibrationType, calibrate_input_ranges
# from aihwkit_lightning.nn.conversion import convert_to_analog
# from aihwkit_lightning.simulator.configs import TorchInferenceRPUConfig
from rangefinder.analog import (
    InputRangeCalibrationType,
    TorchInferenceRPUConfig,
    calibrate_input_ranges,
    compare_analog,
    convert_to_analog,
)

MODEL = Path(__file__).resolve().parent.parent / "models" / "fashion_cnn.onnx"

random = np.random.default_rng(0)
window = np.outer(np.hanning(28), np.hanning(28)).astype(np.float32)
all_inputs = random.random((64, 1, 1, 28, 28), dtype=np.float32) * window


class Sampler:
    """The guide's: yields the arguments of each call, positional and by name, and ends."""

    def __init__(self, inputs):
        self.idx = 0
        self.inputs = inputs

    def __iter__(self):
        return self

    def __next__(self):
        if self.idx == len(self.inputs):
            raise StopIteration
        self.idx += 1
        return (self.inputs[self.idx - 1],), {}


rpu_config = TorchInferenceRPUConfig()
rpu_config.forward.inp_res = 2**8 - 2
rpu_config.mapping.max_input_size = 128

model = convert_to_analog(MODEL, rpu_config)
calibrate_input_ranges(
    model=model,
    calibration_type=InputRangeCalibrationType.CACHE_QUANTILE,
    dataloader=Sampler(all_inputs[:48]),
    quantile=0.99995,
    max_samples=1000,
)
print(model.table())
model.save("fashion_cnn.analog.onnx", ranges="fashion_cnn.ranges.npz")
print(compare_analog(MODEL, "fashion_cnn.analog.onnx", list(all_inputs[48:])).table())
