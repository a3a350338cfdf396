"""What mkdocs alone does not do for our pages: those that lie outside of docs/, references made of the
code, links that leave docs/, and mathematics as MathML, which browsers draw without a script.

scripts/docs.sh sets RANGEFINDER (the program), RANGEFINDER_CPP (Doxygen's pages) and RANGEFINDER_SHIM (a
script by which the search works in pages that are opened as files)."""

from __future__ import annotations

import html
import os
import posixpath
import re
import subprocess
from pathlib import Path

import latex2mathml.converter
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent

# Pages of the repository that the site shows, too, by their place there.
OUTSIDE = {
    "README.md": "project/readme.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    "examples/models/README.md": "project/example_models.md",
}
LINK = re.compile(r"(?<!\!)\[([^\]\[]*)\]\(([^)\s]+)\)")
CPP = "reference/cpp"
# The theme's own would be loaded from the network.
SHIM = "assets/javascripts/iframe-worker.js"
FOREIGN_SHIM = "https://unpkg.com/iframe-worker/shim"


def program(*words: str) -> str:
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run([os.environ["RANGEFINDER"], *words], check=True, capture_output=True, text=True, env=environment)
    return done.stdout


def commands() -> list[str]:
    listed = program("help").split("\nCommands:\n")[1].split("\n\n")[0]
    return [match.group(1) for match in re.finditer(r"^  (\S+(?: \S+)?)  ", listed, re.MULTILINE)]


def command_line_page() -> str:
    text = "# Command line\n\nWhat `rangefinder help` prints; `rangefinder help --man` makes a manual page of it.\n"
    text += f"\n## rangefinder\n\n```text\n{program('help')}```\n"
    for command in commands():
        text += f"\n## {command}\n\n```text\n{program('help', *command.split())}```\n"
    return text


def python_page() -> str:
    text = "# Python\n\nMade from the sources of the package; [python.md](../python.md) is the guide.\n"
    for module in ("rangefinder", "rangefinder.torch", "rangefinder.onnxruntime", "rangefinder.ppq", "rangefinder.analog"):
        text += f"\n## {module}\n\n::: {module}\n    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n"
    return text


def cpp_page() -> str:
    text = "# C++\n\nMade from the public headers, `include/rangefinder/`; [library.md](../library.md) is the guide.\n\n"
    text += "[All classes and functions](cpp/annotated.html), [by header](cpp/files.html).\n\n| header | about |\n|---|---|\n"
    for header in sorted((ROOT / "include" / "rangefinder").glob("*.h")):
        first = re.search(r"^/// (.*?)(?:\n///\n|\n[^/])", header.read_text(), re.MULTILINE | re.DOTALL)
        about = " ".join(re.split(r"\n/// ?", first.group(1))) if first else ""
        text += f"| `{header.name}` | {about.replace('|', chr(92) + '|')} |\n"
    return text


def on_config(config):
    """The list of numerics is that of the folder; what no menu names comes under its last entry."""
    pages = sorted((ROOT / "docs" / "numerics").glob("*.md"))
    for entry in config["nav"]:
        if entry.get("Numerics") == "NUMERICS":
            entry["Numerics"] = [f"numerics/{page.name}" for page in pages]
    docs = ROOT / "docs"
    known = set(listed(config["nav"]))
    more = [path.relative_to(docs).as_posix() for path in sorted(docs.rglob("*.md"))]
    more = [page for page in more if page not in known]
    if more:
        config["nav"].append({"More": more})
    return config


def listed(entries: list) -> list[str]:
    """The pages that a part of the menu names."""
    pages = []
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            pages += listed(value) if isinstance(value, list) else [value]
    return pages


def on_files(files, config):
    for source, uri in OUTSIDE.items():
        files.append(File.generated(config, uri, content=(ROOT / source).read_text()))
    for uri, page in (("command_line", command_line_page), ("python", python_page), ("cpp", cpp_page)):
        files.append(File.generated(config, f"reference/{uri}.md", content=page()))
    files.append(File.generated(config, SHIM, abs_src_path=os.environ["RANGEFINDER_SHIM"]))
    folder = Path(os.environ["RANGEFINDER_CPP"])
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            files.append(File.generated(config, f"{CPP}/{path.relative_to(folder).as_posix()}", abs_src_path=str(path)))
    return files


def repository_path(page_uri: str) -> str:
    """Where a page's links start from."""
    for source, uri in OUTSIDE.items():
        if uri == page_uri:
            return source
    return f"docs/{page_uri}"


def site_uri(path: str) -> str | None:
    """Where the site shows a file of the repository."""
    if path in OUTSIDE:
        return OUTSIDE[path]
    if not path.startswith("docs/") or path.endswith(".schema.json"):
        return None
    inside = path.removeprefix("docs/")
    folder = ROOT / path
    if not folder.is_dir():
        return inside
    if inside in ("", "."):
        return "README.md"
    return f"{inside}/{sorted(page.name for page in folder.glob('*.md'))[0]}"


def resolved(match: re.Match, page_uri: str) -> str:
    text, target = match.groups()
    if re.match(r"[a-z]+:|#|<", target) or page_uri.startswith("reference/"):
        return match.group()
    path, hash_mark, anchor = target.partition("#")
    start = posixpath.dirname(repository_path(page_uri))
    wanted = posixpath.normpath(posixpath.join(start, path))
    if not (ROOT / wanted).exists():
        return match.group()  # mkdocs says so.
    uri = site_uri(wanted)
    if uri is None:
        return text
    return f"[{text}]({posixpath.relpath(uri, posixpath.dirname(page_uri) or '.')}{hash_mark}{anchor})"


def on_page_markdown(markdown, page, config, files):
    parts = re.split(r"(^```.*?^```)", markdown, flags=re.MULTILINE | re.DOTALL)
    uri = page.file.src_uri
    for index in range(0, len(parts), 2):
        parts[index] = LINK.sub(lambda match: resolved(match, uri), parts[index])
    return "".join(parts)


def equation(match: re.Match) -> str:
    """A displayed equation with its number at the right."""
    text = html.unescape(match.group(1)).strip()[2:-2].strip()
    tag = re.search(r"\\tag\{([^}]*)\}", text)
    if tag:
        text = text.replace(tag.group(), "").strip()
    drawn = latex2mathml.converter.convert(text.replace("\\_", "_"), display="block")
    number = f"<span>({tag.group(1)})</span>" if tag else ""
    return f'<div style="display: flex; align-items: center; gap: 1em; margin: .8em 0"><div style="flex: 1; overflow-x: auto">{drawn}</div>{number}</div>'


def on_page_content(content, page, config, files):
    return re.sub(r'<div class="arithmatex">(.*?)</div>', equation, content, flags=re.DOTALL)


def on_post_page(output, page, config):
    return output.replace(FOREIGN_SHIM, posixpath.relpath(SHIM, posixpath.dirname(page.file.dest_uri) or "."))
