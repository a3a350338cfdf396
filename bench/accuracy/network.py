"""What a network of the accuracy table is, and what all of them use."""

import numpy as np
import onnxruntime

import scores


def session(model):
    """Of a file or of a model's bytes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    model = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def planes(picture):
    """[height, width, channels] -> [1, channels, height, width], float32."""
    return np.ascontiguousarray(np.asarray(picture, np.float32).transpose(2, 0, 1)[None])


class Network:
    """A network with its samples. Subclasses set the fields and define `samples` and `decide`."""

    name = kind = package = file = metric = ""
    counts = {"calib": 32, "test": 60}
    score = staticmethod(scores.agreement)

    def model(self, material):
        """The float model's bytes."""
        return (material.package(self.package) / self.file).read_bytes()

    def samples(self, material, part, count):
        """Yields dictionaries of the network's inputs."""
        raise NotImplementedError

    def decide(self, outputs):
        """What the outputs of one sample mean."""
        raise NotImplementedError

    def decisions(self, path, samples, watch=lambda index, outputs: None):
        """Decisions of the model at `path` for each sample. `watch` sees the outputs as they come."""
        run, decisions = session(path), []
        for index, sample in enumerate(samples):
            outputs = run.run(None, sample)
            watch(index, outputs)
            decisions.append(self.decide(outputs))
        return decisions
