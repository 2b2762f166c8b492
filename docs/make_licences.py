"""Writes THIRD_PARTY.md from the installed packages' own metadata: `python docs/make_licences.py`."""  # noqa: INP001

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CLASSIFIER = "License :: OSI Approved :: "


def text() -> str:
    """The whole page."""
    run = closure(PROJECT["project"]["dependencies"])
    test = closure(PROJECT["dependency-groups"]["dev"]) - run
    return "\n".join(
        [
            "# Third parties",
            "",
            "Made by `python docs/make_licences.py` from what the packages say of themselves.",
            "",
            "## Needed to run",
            "",
            *table(run),
            "",
            "## Needed to sign in with LDAP",
            "",
            "| Package | Licence |",
            "| --- | --- |",
            "| bonsai (the extra `ldap`) | MIT |",
            "",
            "## Needed for the store on PostgreSQL",
            "",
            "| Package | Licence |",
            "| --- | --- |",
            "| psycopg, psycopg-binary (the extra `fleet`) | LGPL-3.0 |",
            "",
            "## Needed for calendars of days on which nothing is pressed",
            "",
            "| Package | Licence |",
            "| --- | --- |",
            "| recurring-ical-events, x-wr-timezone (the extra `calendars`) | LGPL-3.0 |",
            "| icalendar (comes with it) | BSD-2-Clause |",
            "| holidays (the extra `calendars`) | MIT |",
            "",
            "## Needed to test",
            "",
            *table(test),
            "",
            "## In this repository",
            "",
            "| What | Where | Licence |",
            "| --- | --- | --- |",
            "| Atkinson Hyperlegible Next and Mono (fonts) | `src/pushbutton/web/static/fonts` | OFL-1.1 |",
            "| axe-core 4.14.1, for tests only | `tests/acceptance/vendor` | MPL-2.0 |",
            "",
        ]
    )


def closure(wanted: list[str]) -> set[str]:
    """The names of these requirements and of everything that they need here, as normalised."""
    found: set[str] = set()
    todo = [name for name in map(_name, wanted) if name]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # for another platform
        found.add(name)
        todo += [_name(need) for need in needs if "extra ==" not in need]
    return found


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", requirement)[0]).lower()  # type: ignore[index]


def table(names: set[str]) -> Iterator[str]:
    yield "| Package | Licence |"
    yield "| --- | --- |"
    for name in sorted(names):
        yield f"| {name} | {licence(name)} |"


def licence(name: str) -> str:
    """The SPDX expression where there is one, else the classifiers, else the first line of what stands there."""
    about = metadata.metadata(name)
    if expression := about.get("License-Expression"):
        return str(expression)
    approved = [
        kind.removeprefix(CLASSIFIER) for kind in about.get_all("Classifier", []) if kind.startswith(CLASSIFIER)
    ]
    if approved:
        return " or ".join(sorted(set(approved)))
    return str(about.get("License") or "see the package").splitlines()[0][:60]


if __name__ == "__main__":
    (ROOT / "THIRD_PARTY.md").write_text(text())
