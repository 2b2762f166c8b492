"""The documents: generated pages are current, links lead somewhere, commands and tests that are named exist."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ruamel.yaml import YAML

from pushbutton import __version__
from pushbutton.adapters.catalog import check
from pushbutton.cli.group import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
MADE: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))["PAGES"]
GROUP: Any = typer.main.get_command(app())
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in _BLOCK.findall(page.read_text()) if language in languages]


def anchors(page: Path) -> set[str]:
    """The headings' names, as forges make them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def commands() -> list[tuple[str, str]]:
    """(page, command line) for everything that a reader is told to type and that is ours."""
    found = []
    for page, name in zip(PAGES, NAMES, strict=True):
        for block in blocks(page, "console", "sh"):
            lines = [line.strip().removeprefix("$ ") for line in block.splitlines()]
            found += [(name, line) for line in lines if line.startswith("pushbutton ")]
        found += [(name, code) for code in re.findall(r"`(pushbutton [a-z][^`]*)`", page.read_text())]
    return found


@pytest.mark.parametrize("page", MADE)
def test_a_page_that_is_made_is_as_the_code_is_now(page: str) -> None:
    there = (ROOT / "docs" / "reference" / page).read_text()
    assert there == MADE[page](), "it is old: run python docs/make_reference.py"


def test_the_published_schema_is_the_one_that_the_command_prints() -> None:
    from pushbutton.adapters.catalog import config_schema

    assert json.loads((ROOT / "docs" / "pushbutton.schema.json").read_text()) == config_schema()


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    lost = []
    for target, anchor in _LINK.findall(page.read_text()):
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            lost.append(f"{target}#{anchor}" if anchor else target)
    assert lost == []


def test_every_page_is_reached_from_the_readme() -> None:
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target, _ in _LINK.findall(page.read_text()):
            file = (page.parent / target).resolve()
            if target.endswith(".md") and file.exists():
                todo.append(file)
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in seen] == []


def test_every_command_has_a_verb_that_there_is_and_options_that_it_takes() -> None:
    unknown = []
    for name, line in commands():
        words = re.split(r"\s{2,}|\s[|>#<]\s", line)[0].split()
        command = GROUP.commands.get(words[1])
        if command is None and words[1] not in {"--version", "--debug", "--help"}:
            unknown.append(f"{name}: {line}")
        elif command and words[1] in {"serve", "watch", "runs", "stop", "check", "schema"}:
            known = {option for param in command.params for option in param.opts} | {"--help"}
            given = {word.partition("=")[0] for word in words[2:] if word.startswith("--")}
            unknown += [f"{name}: {line}"] if given - known else []
    assert unknown == []
    assert len(commands()) > 30, "the pattern finds the commands"


def test_every_test_that_is_named_exists() -> None:
    there = {
        found
        for file in (ROOT / "tests").rglob("test_*.py")
        for found in re.findall(r"def (test_\w+)", file.read_text())
    }
    named = {
        (name, found)
        for page, name in zip(PAGES, NAMES, strict=True)
        for found in re.findall(r"`(test_\w+)`", page.read_text())
    }
    assert sorted(f"{name}: {found}" for name, found in named if found not in there) == []


def test_the_version_is_the_same_wherever_it_stands() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert f"## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text()
    assert f"Version {__version__}." in (ROOT / "README.md").read_text()


def test_every_dependency_is_among_the_third_parties() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[^A-Za-z0-9._-]", need)[0].lower().replace(".", "-") for need in wanted}
    text = (ROOT / "THIRD_PARTY.md").read_text()
    assert sorted(name for name in names if f"| {name} |" not in text) == []


@pytest.mark.parametrize("name", NAMES)
def test_examples_in_python_and_json_can_be_read(name: str) -> None:
    for block in blocks(ROOT / name, "python"):
        compile(block, name, "exec", flags=0x2000)  # PyCF_ALLOW_TOP_LEVEL_AWAIT
    for block in blocks(ROOT / name, "json"):
        json.loads(block)


def test_the_examples_of_tasks_are_without_a_mistake(tmp_path: Path) -> None:
    for page in PAGES:
        folder = tmp_path / page.stem
        folder.mkdir(exist_ok=True)
        for number, block in enumerate(blocks(page, "yaml")):
            assert "tasks" in YAML(typ="safe").load(block)
            (folder / str(number)).mkdir()
            (folder / str(number) / "pushbutton.yaml").write_text(block)
        for number, block in enumerate(blocks(page, "sh")):
            if block.startswith("#!"):
                script = folder / f"{page.stem}-{number}.sh"
                script.write_text(block)
                script.chmod(0o755)
    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert [str(problem) for problem in check(folders)] == []
    assert len(list(tmp_path.rglob("*.sh"))) >= 3
