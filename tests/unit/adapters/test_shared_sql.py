"""The statements that every SQL store shares say nothing that only one database takes. Read from the source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pushbutton.adapters import sql
from pushbutton.adapters.sql.statements import listed, marks

ROOM = Path(sql.__file__).parent
FILES = sorted(ROOM.glob("*.py"))
ONLY_SQLITE = re.compile(
    r"sqlite_|typeof\(|\browid\b|\bGLOB\b|\bjson_|\bifnull\(|\biif\(|\bOR (?:REPLACE|IGNORE)\b|\bAUTOINCREMENT\b"
    r"|\bPRAGMA\b|\bLIKE\b|\bAS BLOB\b|\bWHERE 1\b(?! =)|\bmax\([^()]*,|\bIN \(\)|[ (=]:[a-z]"
)
"""What databases say otherwise stands in a dialect: comparing without case, and reading what others put there."""


def literals(file: Path) -> list[str]:
    """The texts of a file, without what is put into them."""
    tree = ast.parse(file.read_text())
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs)
    return [node.value for node in found if isinstance(node.value, str)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_statement_is_for_one_database_alone(file):
    assert [text for text in literals(file) if ONLY_SQLITE.search(text)] == []


def test_the_test_itself_sees_statements():
    assert any("SELECT" in text for file in FILES for text in literals(file))
    assert ONLY_SQLITE.search("SELECT max(value, excluded.value)")
    assert ONLY_SQLITE.search("WHERE task = :task")
    assert not ONLY_SQLITE.search("SELECT coalesce(max(id), 0) FROM events WHERE 1 = 1")


def test_a_list_of_nothing_is_one_that_every_database_takes():
    assert (listed(frozenset()), marks(())) == ("NULL", "NULL")
