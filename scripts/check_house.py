#!/usr/bin/env python3
"""Checks the house rules that no compiler checks; prints each breach, exit code 1 if there is any.

- every src/<layer>/<x>.cc has a test in tests/<layer>/<x>_test.cc, every examples/<y>/<x>.cc one
  beside it, and CMake knows them all;
- a layer includes only the layers it may know (LAYERS); ONNX Runtime appears in engine/ alone, MPI
  in mpi/ alone;
- the command line, the Python extension and the examples include public headers only, and those the
  standard library;
- no function over 60 lines, no file over 800 (a NOLINT with a reason in the function's first lines
  or the file's first lines lifts the limit);
- a link from a .md file into this repository leads somewhere;
- no tracked file names a package registry's host or a path of one developer's machine;
- no tracked file is what Python makes of another.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What each layer may include directly; what those may include follows.
LAYERS = {
    "base": [],
    "tensor": ["base"],
    "statistics": ["tensor"],
    "quantization": ["tensor"],
    "search": ["statistics", "quantization"],
    "observers": ["search"],
    "graph": ["tensor"],
    "targets": ["quantization", "graph"],
    "data": ["tensor"],
    "cuda": ["statistics"],
    "engine": ["statistics", "quantization", "graph", "data", "cuda"],
    "passes": ["observers", "targets", "engine"],
    "refine": ["passes"],
    "analog": ["observers", "engine"],
    "exporters": ["passes"],
    "analysis": ["passes", "engine"],
    "report": ["analysis"],
    "workflow": ["report", "exporters", "refine", "analog"],
    "api": ["workflow"],
    "cli": ["api"],
    "mpi": ["cli"],
}
# main() only starts subcommands and is tested through them; the example plug-in is what
# tests/observers/plugin_test.cc loads.
UNTESTED = {"src/cli/main.cc", "src/mpi/main.cc", "examples/observer_plugin/observers.cc"}
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 800

# Hosts by their shape, so that none is named here.
HOST = re.compile(
    r"\b(?:registry|deb|mirror|proxy|index|repo\d*|snapshot|files)\.[a-z-]+\.(?:org|com|io|net)\b"
    r"|\b(?:pypi|crates)\.(?:org|io)\b", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|home/[a-z]+)/[a-z]")


def tracked_files():
    output = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    paths = [Path(name) for name in output.stdout.decode().split("\0") if name]
    return [path for path in paths if (ROOT / path).is_file()]


def known_layers():
    """Each layer with all it may include."""
    closure = {}
    for layer, direct in LAYERS.items():
        closure[layer] = {layer}.union(*(closure[below] for below in direct))
    return closure


def check_tests(files):
    for path in files:
        if path.suffix == ".cc" and path.parts[0] == "src" and str(path) not in UNTESTED:
            test = Path("tests", *path.parts[1:-1], path.stem + "_test.cc")
            if test not in files:
                yield f"{path}: no test {test}"
        if path.suffix == ".cc" and path.parts[0] == "examples" and path.stem != "main" \
                and str(path) not in UNTESTED:
            test = path.with_name(path.stem.removesuffix("_test") + "_test.cc")
            if test not in files:
                yield f"{path}: no test {test}"


def check_registered(files):
    """Every source is named in the CMakeLists.txt of its folder or of one above it."""
    for path in files:
        if path.suffix != ".cc" or path.parts[0] not in ("src", "tests", "examples", "python"):
            continue
        lists = [ROOT / folder / "CMakeLists.txt" for folder in list(path.parents)[:-1]]
        # A list of plug-ins or fuzz targets names stems and appends the suffix.
        words = {word for file in lists if file.is_file()
                 for word in re.split(r"[\s()/]+", file.read_text())}
        if not words & {path.name, path.stem}:
            yield f"{path}: not in CMakeLists.txt"


def check_layers(files):
    closure = known_layers()
    for path in files:
        if path.suffix not in (".cc", ".h") or path.parts[0] != "src":
            continue
        layer = path.parts[1]
        if layer not in closure:
            yield f"{path}: unknown layer {layer}"
            continue
        text = (ROOT / path).read_text()
        for included in re.findall(r'^#include "(\w+)/', text, re.MULTILINE):
            if included in closure and included not in closure[layer]:
                yield f"{path}: {layer} may not include {included}"
        if layer != "engine" and re.search(r"^#include .onnxruntime_", text, re.MULTILINE):
            yield f"{path}: ONNX Runtime belongs to engine/ alone"
        if layer != "mpi" and re.search(r"^#include <mpi", text, re.MULTILINE):
            yield f"{path}: MPI belongs to mpi/ alone"


def check_public_only(files):
    """Command line, Python and examples are the proof that the public library is complete."""
    for path in files:
        is_user = path.parts[0] in ("examples", "python") or path.parts[:2] in (("src", "cli"), ("src", "mpi"))
        if path.suffix not in (".cc", ".h") or not is_user or path.stem.endswith("_test"):
            continue
        own = {"cli", path.parts[1], "rangefinder"} if path.parts[0] == "src" else {path.parts[1], "rangefinder"}
        for included in re.findall(r'^#include "(\w+)/', (ROOT / path).read_text(), re.MULTILINE):
            if included not in own:
                yield f"{path}: includes {included}/; only public headers are allowed here"


def check_public_headers(files):
    """Public headers need the standard library and each other, nothing else."""
    for path in files:
        if path.parts[0] != "include":
            continue
        for kind, included in re.findall(r'^#include ([<"])([^>"]+)', (ROOT / path).read_text(),
                                         re.MULTILINE):
            if kind == '"' and not included.startswith("rangefinder/"):
                yield f"{path}: includes {included}, which is not public"
            if kind == "<" and "/" in included:
                yield f"{path}: includes <{included}>; the standard library alone is allowed"


def code_of(text):
    """The text with comments, strings and characters blanked, lines kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"'
                         r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.DOTALL)
    return pattern.sub(lambda match: "\n" * match.group().count("\n"), text)


def long_functions(text):
    """(first line, length) of each outermost brace block that follows a parameter list."""
    original = text.splitlines()
    stack, statement = [], ""
    for number, line in enumerate(code_of(text).splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for char in line:
            if char == "{":
                is_scope = re.search(r"\b(namespace|class|struct|enum|union)\b[^()]*$", statement)
                stack.append((number, ")" in statement and not is_scope))
                statement = ""
            elif char == "}" and stack:
                begin, is_function = stack.pop()
                length = number - begin + 1
                if is_function and length > MAX_FUNCTION_LINES and not any(f for _, f in stack):
                    if not any("NOLINT" in text for text in original[max(0, begin - 4):begin + 1]):
                        yield begin, length
                statement = ""
            elif char == ";":
                statement = ""
            else:
                statement += char
        statement += " "


def check_lengths(files):
    for path in files:
        if path.suffix not in (".cc", ".h"):
            continue
        text = (ROOT / path).read_text()
        lines = text.splitlines()
        if len(lines) > MAX_FILE_LINES and not any("NOLINT" in line for line in lines[:10]):
            yield f"{path}: {len(lines)} lines, {MAX_FILE_LINES} are allowed"
        for begin, length in long_functions(text):
            yield f"{path}:{begin}: function of {length} lines, {MAX_FUNCTION_LINES} are allowed"


def check_links(files):
    for path in files:
        if path.suffix != ".md":
            continue
        text = re.sub(r"```.*?```|`[^`]*`", "", (ROOT / path).read_text(), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in link and not (ROOT / path.parent / link).exists():
                yield f"{path}: broken link {link}"


def check_places(files):
    for path in files:
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, what in ((HOST, "registry host"), (MACHINE_PATH, "machine path")):
                if pattern.search(line):
                    yield f"{path}:{number}: {what}: {line.strip()[:100]}"


def check_generated(files):
    for path in files:
        if "__pycache__" in path.parts:
            yield f"{path}: generated by Python"


def main():
    files = set(tracked_files())
    breaches = [breach for check in (check_tests, check_registered, check_layers, check_public_only,
                                     check_public_headers, check_lengths,
                                     check_links, check_places, check_generated) for breach in check(sorted(files))]
    print(*breaches, sep="\n", end="\n" if breaches else "")
    print(f"check_house: {len(files)} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
