"""The ways to make an int8 model that the table compares: commands that take a network's folder and write a model.

Run as a program, this file is ONNX Runtime's or NNCF's quantizer: quantizers.py TOOL FOLDER OUTPUT.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Of Rangefinder: options by the name of the column.
OURS = {
    "fast": ["--effort", "fast"],
    "normal": ["--effort", "normal"],
    "thorough": ["--effort", "thorough"],
}
# One improvement switched off, or two that differ in one. Any model reaches -200 dB: nothing is left float for accuracy.
APART = {
    "normal, all integer": ["--effort", "normal", "--min-sqnr=-200"],
    "thorough, all integer": ["--effort", "thorough", "--min-sqnr=-200"],
    "kl": ["--effort", "fast", "--method", "kl"],
    "kl, unguarded": ["--effort", "fast", "--method", "kl", "--method-for", "*=kl"],
    "minmax": ["--effort", "fast", "--method", "minmax"],
    "25 dB": ["--min-sqnr", "25"],
    "fastest": ["--fastest"],
}
OTHERS = {"onnxruntime": "quantize_static, MinMax, uint8/int8 per channel, after its preparation",
          "nncf": "nncf.quantize, defaults; model type transformer for those"}


def summary_path(model):
    """Where the program's own summary of `model` lies."""
    return model.with_suffix(".summary.json")


@dataclass(frozen=True)
class Variant:
    """One column: the command that writes `output` for the network in `folder`."""

    name: str
    program: Path

    def command(self, folder, output):
        if self.name in OTHERS:
            return [sys.executable, __file__, self.name, folder, output]
        return [self.program, "quantize", folder / "model.onnx", "--data", folder / "calib", "--output", output,
                "--summary", summary_path(output), "--progress", "none", *(OURS | APART)[self.name]]


def calibration(folder):
    samples = []
    for path in sorted((folder / "calib").glob("*.npz")):
        with np.load(path) as arrays:
            samples.append(dict(arrays))
    return samples


def newest(path, work):
    """The model at an opset in which scales per channel exist, as ONNX Runtime's manual asks for."""
    import onnx
    import onnx.version_converter
    model = onnx.load(path)
    if next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")) >= 13:
        return str(path)
    onnx.save(onnx.version_converter.convert_version(model, 13), work / "converted.onnx")
    return str(work / "converted.onnx")


def quantize_by_onnxruntime(folder, output):
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Samples(CalibrationDataReader):
        def __init__(self):
            self._samples = iter(calibration(folder))

        def get_next(self):
            return next(self._samples, None)

    with tempfile.TemporaryDirectory() as work:
        prepared = Path(work) / "prepared.onnx"
        # Its symbolic shapes take minutes and do not understand every model; what is quantized does not depend on them.
        quant_pre_process(newest(folder / "model.onnx", Path(work)), str(prepared), skip_symbolic_shape=True)
        quantize_static(str(prepared), str(output), Samples(), per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


def quantize_by_nncf(folder, output):
    import nncf
    import onnx
    from networks import NETWORKS
    samples = calibration(folder)
    kind = nncf.ModelType.TRANSFORMER if "transformer" in NETWORKS[folder.name].kind else None
    model = nncf.quantize(onnx.load(folder / "model.onnx"), nncf.Dataset(samples), subset_size=len(samples), model_type=kind)
    onnx.save(model, output)


def main():
    tool, folder, output = sys.argv[1:]
    {"onnxruntime": quantize_by_onnxruntime, "nncf": quantize_by_nncf}[tool](Path(folder), Path(output))


if __name__ == "__main__":
    main()
