"""How a task says that others have to approve it: the same in all three kinds of files."""

from __future__ import annotations

from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from ruamel.yaml import YAML

from pushbutton.adapters.catalog import PathCatalog, config_schema
from pushbutton.domain.approval import Approval
from pushbutton.domain.task import Task
from tests.acceptance.worlds import script


async def read(folder: Path, slug: str) -> Task:
    catalog = PathCatalog([str(folder)], lambda: None)
    await catalog.open()
    try:
        return catalog.tasks()[slug]
    finally:
        await catalog.close()


async def from_yaml(folder: Path, said: str) -> Task:
    (folder / "pushbutton.yaml").write_text(f"tasks:\n  job:\n    command: ['true']\n    approvals: {said}\n")
    return await read(folder, "job")


async def from_python(folder: Path, said: str) -> Task:
    (folder / "job.py").write_text(f"from pushbutton import task\n\n@task(approvals={said})\ndef job():\n    pass\n")
    return await read(folder, "job")


@pytest.mark.parametrize(
    ("said", "approval"),
    [
        ("1", Approval(1, 24.0)),
        ("{approvers: 2, expires: 48}", Approval(2, 48.0)),
        ("{approvers: 3}", Approval(3, 24.0)),
        ("{expires: 30 min}", Approval(1, 0.5)),
        ("{expires: 3 d}", Approval(1, 72.0)),
    ],
)
async def test_a_configuration_says_how_many_and_for_how_long(tmp_path, said, approval):
    task = await from_yaml(tmp_path, said)
    assert (task.broken, task.approval) == ("", approval)
    jsonschema.validate(YAML(typ="safe").load((tmp_path / "pushbutton.yaml").read_text()), config_schema())


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("0", "“approvals” must be a number of people from 1 to 20."),
        ("true", "“approvals” must be a number of people from 1 to 20."),
        ("many", "“approvals” must be how many have to approve it, or a table with “approvers” and “expires”."),
        ("{people: 2}", "“approvals” must be how many have to approve it, or a table with “approvers” and “expires”."),
        (
            "{expires: 0}",
            "“approvals” must be a table whose “expires” is hours, or text such as “30 min” or “3 d”; a year at most.",
        ),
    ],
)
async def test_a_mistake_in_a_configuration_is_named(tmp_path, said, sentence):
    assert (await from_yaml(tmp_path, said)).broken == f"pushbutton.yaml line 4: {sentence}"


async def test_a_script_says_it_in_its_head(tmp_path):
    script(tmp_path, "job.sh", "true\n", head="approvals = {approvers = 2, expires = 1.5}")
    assert (await read(tmp_path, "job")).approval == Approval(2, 1.5)


@pytest.mark.parametrize(
    ("said", "approval"), [("2", Approval(2, 24.0)), ("{'approvers': 2, 'expires': 48}", Approval(2, 48.0))]
)
async def test_a_python_task_says_it_above_its_function(tmp_path, said, approval):
    task = await from_python(tmp_path, said)
    assert (task.broken, task.approval) == ("", approval)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("0", "“approvals” must be a number of people from 1 to 20."),
        ("True", "“approvals” must be a number of people from 1 to 20."),
        (
            "{'people': 2}",
            "“approvals” must be how many have to approve it, or a table with “approvers” and “expires”.",
        ),
        (
            "{'expires': -1}",
            "“approvals” must be a table whose “expires” is hours, or text such as “30 min” or “3 d”; a year at most.",
        ),
    ],
)
async def test_a_mistake_above_a_function_is_named(tmp_path, said, sentence):
    assert (await from_python(tmp_path, said)).broken == f"job.py line 3: {sentence}"


async def test_a_task_that_says_nothing_needs_no_approval(tmp_path):
    script(tmp_path, "job.sh", "true\n")
    assert (await read(tmp_path, "job")).approval is None
