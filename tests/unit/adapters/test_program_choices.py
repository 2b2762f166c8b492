"""Choices that a program or a function tells when somebody asks."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from pushbutton.adapters.catalog import PathCatalog
from pushbutton.adapters.catalog.choices import ProgramChoices
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Source, Task
from pushbutton.errors import InvalidInputs
from pushbutton.testing import opened, press_and_wait

PYTHON = """
from pathlib import Path
from typing import Annotated

from pushbutton import Field, task


def backups():
    print("this is no choice")
    return {line: f"The one of {line}" for line in (Path(__file__).parent / "list.txt").read_text().split()}


@task
def restore(backup: Annotated[str, Field(choices=backups)], more: Annotated[list[str], Field(choices=backups)] = []):
    return f"restored {backup} and {','.join(more)}"
"""


def asking(*argv: str, folder: Path, slug: str = "restore") -> Task:
    param = Param("backup", ParamType.CHOICE, choices_from=argv)
    return Task(slug, slug, CommandTarget(("true",)), Source(str(folder / "x.yaml")), params=(param,), cwd=str(folder))


async def test_a_function_of_the_file_tells_the_choices_anew(tmp_path):
    (tmp_path / "shop.py").write_text(PYTHON)
    (tmp_path / "list.txt").write_text("monday tuesday")
    async with opened(tmp_path) as app:
        core = await app.open()
        catalog = core.catalog
        assert not core.catalog.task("restore").broken
        offered = await catalog.offered("restore")
        assert offered.faults == {}
        assert offered.task.params[0].choices == (
            Choice("monday", "The one of monday"),
            Choice("tuesday", "The one of tuesday"),
        )
        finished = await press_and_wait(app, "restore", backup="tuesday", more=["monday"])
        assert finished.statuses == ["restored tuesday and monday"]
        with pytest.raises(InvalidInputs) as wrong:
            await press_and_wait(app, "restore", backup="friday")
        assert wrong.value.fields == {"backup": "Choose one of: monday, tuesday."}


async def test_a_line_is_a_value_with_its_text_and_one_sentence_more(tmp_path):
    task = asking("printf", r"a\tAlpha\tThe first\n\nb\na\tagain\n", folder=tmp_path)
    offered = await ProgramChoices().of(task)
    assert offered.task.params[0].choices == (Choice("a", "Alpha", "The first"), Choice("b"))


async def test_a_program_that_speaks_as_its_job_does_is_understood(tmp_path):
    task = replace(asking("printf", r"a\tGr\374\337e\nb\t\200 5\n", folder=tmp_path), encoding="cp1252")
    assert (await ProgramChoices().of(task)).task.params[0].choices == (Choice("a", "Grüße"), Choice("b", "€ 5"))
    utf8 = replace(asking("printf", r"a\tGr\303\274n\n", folder=tmp_path), encoding="cp1252")
    assert (await ProgramChoices().of(utf8)).task.params[0].choices == (Choice("a", "Grün"),)


async def test_everybody_who_asks_meanwhile_gets_one_answer_and_later_there_is_another(tmp_path):
    task = asking("sh", "-c", "echo x >> asked; wc -l < asked", folder=tmp_path)
    offers = ProgramChoices(fresh=0.2)
    answers = await asyncio.gather(*(offers.of(task) for _ in range(20)))
    assert {answer.task.params[0].choices for answer in answers} == {(Choice("1"),)}
    offers = ProgramChoices(fresh=0)
    await offers.of(task)
    assert (await offers.of(task)).task.params[0].choices == (Choice("3"),)


async def test_choices_past_what_a_page_shows_are_counted_there_and_taken_all_the_same(tmp_path):
    (tmp_path / "pushbutton.yaml").write_text(
        "tasks:\n  restore:\n    command: [echo, '{number}']\n"
        "    params:\n      number: {choices_from: [seq, '1204']}\n"
    )
    async with opened(tmp_path / "pushbutton.yaml", host="127.0.0.1") as app:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            page = (await client.get("/tasks/restore")).text
        assert "The first 1,000 of 1,204 choices." in page
        field = page.partition('name="in-number"')[2].partition("</select>")[0]
        assert len(re.findall(r'<option value="\d+">', field)) == 1000
        assert (await press_and_wait(app, "restore", number="1203")).output == "1203\n"
        with pytest.raises(InvalidInputs):
            await press_and_wait(app, "restore", number="1205")


async def test_more_choices_than_a_form_can_hold_are_refused_in_words(tmp_path):
    offered = await ProgramChoices(limit=30).of(asking("seq", "1000000", folder=tmp_path))
    assert offered.faults == {"backup": "There is more to choose from than a form can hold."}


@pytest.mark.parametrize(
    ("argv", "limit", "sentence"),
    [
        (("true",), 60, "There is nothing to choose from right now."),
        (("false",), 60, "What can be chosen could not be found out; the server's log says more."),
        (("/no/such/program",), 60, "What can be chosen could not be found out; the server's log says more."),
        (("sleep", "60"), 0.3, "What can be chosen was not found out in time: open the form again."),
    ],
)
async def test_what_cannot_be_told_is_a_sentence_and_no_choice(tmp_path, argv, limit, sentence):
    offered = await ProgramChoices(limit=limit).of(asking(*argv, folder=tmp_path))
    assert offered.faults == {"backup": sentence}
    assert offered.task.params[0].choices == ()


async def test_a_program_that_takes_too_long_is_gone_with_what_it_started(tmp_path):
    task = asking("sh", "-c", "echo $$ > pid.new; mv pid.new pid; sleep 3600 & wait", folder=tmp_path)
    for limit in (0.5, 5, 50):  # a busy machine may take longer to start it
        assert (await ProgramChoices(limit=limit).of(task)).faults
        if (tmp_path / "pid").exists():
            break
    group = int((tmp_path / "pid").read_text())
    assert _alive(group) == []


def _alive(group: int) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/stat") if _group(path) == group]


def _group(stat: Path) -> int:
    """The process group, 0 for a process that is gone or only waits to be buried."""
    try:
        state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return 0
    return 0 if state == "Z" else int(group)


async def test_a_press_is_refused_while_the_choices_cannot_be_told(tmp_path):
    (tmp_path / "pushbutton.yaml").write_text(
        "tasks:\n  restore:\n    command: [echo, '{backup}']\n    params:\n"
        "      backup: {choices_from: [cat, list.txt]}\n"
    )
    async with opened(tmp_path / "pushbutton.yaml") as app:
        with pytest.raises(InvalidInputs) as wrong:
            await press_and_wait(app, "restore", backup="monday")
        assert list(wrong.value.fields) == ["backup"]
        (tmp_path / "list.txt").write_text("monday\n")
        assert (await press_and_wait(app, "restore", backup="monday")).output == "monday\n"


async def test_a_hint_that_cannot_take_such_choices_is_named(tmp_path):
    (tmp_path / "shop.py").write_text(PYTHON.replace("Annotated[str, Field(choices", "Annotated[int, Field(choices"))
    catalog = PathCatalog([str(tmp_path)])
    await catalog.open()
    try:
        assert "its type must be str or list[str]" in catalog.task("restore").broken
    finally:
        await catalog.close()


def test_choices_are_declared_once(tmp_path):
    async def broken() -> str:
        (tmp_path / "pushbutton.yaml").write_text(
            "tasks:\n  a:\n    command: [echo, '{b}']\n    params:\n      b: {choices: [x], choices_from: [ls]}\n"
        )
        catalog = PathCatalog([str(tmp_path / "pushbutton.yaml")])
        await catalog.open()
        try:
            return catalog.task("a").broken
        finally:
            await catalog.close()

    assert "has choices already" in asyncio.run(broken())
