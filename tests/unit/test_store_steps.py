"""The steps of the schema are the same in every database. Read from the files; what they make is compared in
`tests/contract/test_schemas.py`.
"""

from __future__ import annotations

from importlib import resources

from pushbutton.adapters import sqlite

FIRST = 15
"""The step up to which PostgreSQL has one alone: no store there is older."""


def numbers(package: str) -> list[int]:
    folder = resources.files(package) / "schema"
    return sorted(int(file.name[:4]) for file in folder.iterdir() if file.name.endswith(".sql"))


def test_each_step_is_there_in_both_databases():
    postgres = f"{sqlite.__name__.rpartition('.')[0]}.postgres"  # not imported: psycopg may not be installed
    here, there = numbers(sqlite.__name__), numbers(postgres)
    assert here == list(range(1, len(here) + 1))
    assert there == here[FIRST - 1 :], "write the step for the other database as well, with the same number"
