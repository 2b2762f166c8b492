"""Docstrings, comments and docs are plain English: a few patterns that are none may not come back."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import pushbutton

ROOT = Path(pushbutton.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"

WRONG = {
    r"\b(?:for|to|by|from|than|except) who (?!and\b|or\b|it\b|they\b)\w+": "say which: “for administrators”",
    r"\bwho looks? after\b|\blook(?:s|ed|ing)? after (?:Pushbutton|the server)\b": "an administrator",
    r"\btelephones?\b": "a phone",
    r"\bin the clothes of\b": "IPv4-mapped IPv6",
    r"\bby heart\b": "cached",
    r"\btakes? leave\b": "reap",
    r"\bof (?:its|their) own accord\b": "unprompted",
    r"\bin good order\b": "say what is done",
    r"\bhush\b|\bears?\b": "the names are `close_streams` and `Listener`",
}
"""Pattern -> what to write."""


def prose(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings and comments of a module, each with its line. What users are told is neither."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text), lineno=line)):  # below a constant as well
                yield line, text
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def found(text: str) -> list[str]:
    plain = " ".join(text.split())
    return [
        f"“{hit.group()}”: {instead}"
        for pattern, instead in WRONG.items()
        for hit in re.finditer(pattern, plain, re.IGNORECASE)
    ]


@pytest.mark.parametrize("room", sorted({file.relative_to(ROOT).parts[0] for file in ROOT.rglob("*.py")}))
def test_docstrings_and_comments_are_plain_english(room):
    files = sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / room]
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {what}"
        for file in files
        for line, text in prose(file.read_text())
        for what in found(text)
    ]
    assert wrong == []


def test_docs_are_plain_english():
    files = sorted(file for file in DOCS.rglob("*.md"))
    assert [f"{file.relative_to(DOCS)}: {what}" for file in files for what in found(file.read_text())] == []


def test_the_test_itself_sees_each_and_leaves_good_sentences_alone():
    source = 'A = 1\n"""For who is slow."""\n\n\ndef f():\n    """Reads it by heart."""\n    return "to who asks"\n'
    assert [what.partition(":")[0] for _, text in prose(source) for what in found(text)] == [
        *("“For who is”", "“by heart”"),
    ]
    for good in ("who may do what", "a record of who pressed", "people who are signed in", "years of work"):
        assert found(good) == [], good
