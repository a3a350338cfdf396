"""Our docstrings are plain text, in which columns and code stand as they are; Markdown would fill them up.
An extension of griffe, which reads the sources for mkdocstrings."""

from __future__ import annotations

import re

import griffe


def as_markdown(text: str) -> str:
    """Paragraphs with columns, indentation or code become blocks that stay as they are."""
    parts = re.split(r"\n\s*\n", text)
    return "\n\n".join(f"```text\n{part}\n```" if is_laid_out(part) else part for part in parts)


def is_laid_out(part: str) -> bool:
    return bool(re.search(r"\S {2,}\S|\n +\S|^import |^ +\S", part))


class Docstrings(griffe.Extension):
    def on_instance(self, *, obj: griffe.Object, **kwargs: object) -> None:
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
