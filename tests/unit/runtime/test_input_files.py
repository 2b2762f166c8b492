"""What people bring for a run is what it gets: frozen with the press, its own, under the name that it was given."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pushbutton.domain.run import NewRun, Run, RunState
from pushbutton.domain.upload import given_name, of_value
from pushbutton.errors import CannotApprove, KeyReused, UploadsFull
from pushbutton.runtime import approve, press, secret_inputs
from pushbutton.runtime.ports import Append, RunQuery
from pushbutton.runtime.ports.files import given
from pushbutton.services.pruner import prune
from pushbutton.testing import opened
from pushbutton.web.http import uploads
from tests.acceptance.worlds import spool_of, until
from tests.unit.runtime.test_approve import World, people

TASKS = """
tasks:
  load:
    command: [cat, "{sheet}"]
    approvals: 1
    params:
      sheet: {type: file}
      pin: {type: secret, required: false}
  open:
    command: [sh, -c, 'basename "$1"; cat "$1"; ls -A "$(dirname "$1")" | wc -l; stat -c %a "$1"', sh, "{sheet}"]
    params: {sheet: {type: file}}
  sort:
    command: [sort, -o, "{sheet}", "{sheet}"]
    params: {sheet: {type: file}}
  busy:
    command: [sh, -c, 'until [ -e go ]; do sleep 0.02; done']
  plan:
    command: [./plan.sh]
    approvals: 1
    params:
      dry_run: {type: bool}
      sheet: {type: file}
"""
PLAN = 'cat "$SHEET"; [ "$DRY_RUN" = true ] || echo done\n'


@pytest.fixture
async def world(tmp_path) -> AsyncIterator[World]:
    (tmp_path / "pushbutton.yaml").write_text(TASKS)
    (tmp_path / "plan.sh").write_text(f"#!/bin/sh\n{PLAN}")
    (tmp_path / "plan.sh").chmod(0o755)
    async with opened(tmp_path / "pushbutton.yaml", at_once=1) as app:
        core = await app.open()
        await people(core, "ada", "bob")
        yield World(app, core, tmp_path)


async def bring(world: World, content: bytes, name: str = "sheet.csv") -> str:
    async def parts() -> AsyncIterator[bytes]:
        yield content

    return await uploads.save(world.core.files, name, parts())


def own(world: World, run: Run, name: str = "sheet") -> Path:
    return world.core.files.place(given(run.id, name, of_value(str(run.inputs[name])).name))


def change(file: Path, content: bytes = b"6 for Mallory") -> None:
    file.chmod(0o600)
    file.write_bytes(content)


def output(world: World, run: Run) -> bytes:
    return (spool_of(world.app, run.id) / "output").read_bytes()


# --- one's own


async def test_a_job_that_works_on_its_file_in_place_changes_nobody_elses(world):
    value = await bring(world, b"b\na\n")
    held = await world.press("load", sheet=value)
    sorting = await world.over((await world.press("sort", sheet=value)).id)
    assert sorting.state is RunState.SUCCEEDED
    assert own(world, sorting).read_bytes() == b"a\nb\n"
    await approve.approve(world.core, world.who("bob"), held.id)
    assert (await world.over(held.id)).state is RunState.SUCCEEDED
    assert output(world, held) == b"b\na\n"


async def test_a_run_needs_nothing_of_what_was_uploaded_once_it_was_pressed(world):
    held = await world.press("plan", sheet=await bring(world, b"12 for Mona\n"))
    for file in world.core.files.place("uploads").iterdir():
        file.unlink()
    await approve.approve(world.core, world.who("bob"), held.id, seen=await world.planned(held))
    assert (await world.over(held.id)).state is RunState.SUCCEEDED
    assert output(world, held) == b"12 for Mona\ndone\n"


async def test_a_press_that_died_before_the_copies_were_made_takes_them_later(world):
    """What a kill between the commit and the copies leaves, and what an earlier version had."""
    value = await bring(world, b"12 for Mona")
    made = await world.core.store.press(NewRun("open", "Open", "ada", {"sheet": value}, 1))
    world.core.dispatch.wake()
    assert (await world.over(made.run.id)).state is RunState.SUCCEEDED
    assert b"12 for Mona" in output(world, made.run)


async def test_the_same_file_sent_again_with_the_same_key_is_the_same_press(world):
    core, ada = world.core, world.who("ada")
    first = await press.press(core, ada, "open", {"sheet": await bring(world, b"1")}, key="k")
    again = await press.press(core, ada, "open", {"sheet": await bring(world, b"1")}, key="k")
    assert (again.made, again.run.id) == (False, first.run.id)
    with pytest.raises(KeyReused):
        await press.press(core, ada, "open", {"sheet": await bring(world, b"2")}, key="k")
    await world.over(first.run.id)


async def test_a_run_does_not_start_while_what_was_brought_for_it_is_copied(world):
    """Its start would find the files half there, or copy them itself and lose them to the press, which clears first."""
    files, copying, go_on = world.core.files, asyncio.Event(), threading.Event()
    loop, remove = asyncio.get_running_loop(), files.remove

    def slowly(name: str) -> None:
        loop.call_soon_threadsafe(copying.set)
        assert go_on.wait(100)
        remove(name)

    files.remove = slowly
    value = await bring(world, b"12 for Mona")
    pressing = asyncio.create_task(world.press("open", sheet=value))
    await copying.wait()
    (world.folder / "go").touch()
    assert (await world.over((await world.press("busy")).id)).state is RunState.SUCCEEDED, "the gate was asked"
    [run] = await world.core.store.runs(RunQuery(task="open"))
    assert run.state is RunState.WAITING
    files.remove = remove
    go_on.set()
    assert (await pressing).id == run.id
    assert (await world.over(run.id)).state is RunState.SUCCEEDED
    assert b"12 for Mona" in output(world, run)


# --- frozen


@pytest.mark.parametrize("how", ["written", "replaced", "removed", "led elsewhere"])
async def test_what_was_changed_while_it_was_held_cannot_be_approved(world, how, tmp_path):
    held = await world.press("load", sheet=await bring(world, b"12 for Mona"))
    file = own(world, held)
    if how == "written":
        change(file)
    else:
        file.unlink()
    if how == "replaced":
        file.write_bytes(b"6 for Mallory")
    if how == "removed":
        (world.core.files.place("uploads") / of_value(str(held.inputs["sheet"])).stored).unlink()
    if how == "led elsewhere":
        (tmp_path / "other").write_bytes(b"12 for Mona")
        file.symlink_to(tmp_path / "other")
    with pytest.raises(CannotApprove, match=r"“sheet.csv” is not what it was when this was pressed"):
        await approve.approve(world.core, world.who("bob"), held.id)
    assert (await world.run(held.id)).state is RunState.HELD


async def test_what_is_changed_between_the_approval_and_the_start_starts_nothing(world):
    busy = await world.press("busy")
    held = await world.press("load", sheet=await bring(world, b"12 for Mona"))
    await approve.approve(world.core, world.who("bob"), held.id)
    change(own(world, held))
    (world.folder / "go").touch()
    await world.over(busy.id)
    over = await world.over(held.id)
    assert (over.state, over.started_at) == (RunState.FAILED, None)
    assert over.reason == ("“sheet.csv” is not what it was when this was pressed; nothing was started. Press again.")
    assert not (spool_of(world.app, held.id) / "output").exists()


async def test_what_is_changed_while_a_run_waits_for_its_turn_starts_nothing(world):
    busy = await world.press("busy")
    waiting = await world.press("open", sheet=await bring(world, b"12 for Mona"))
    change(own(world, waiting))
    (world.folder / "go").touch()
    await world.over(busy.id)
    assert (await world.over(waiting.id)).state is RunState.FAILED


async def test_a_secret_that_was_changed_while_it_was_held_cannot_be_approved(world):
    held = await world.press("load", sheet=await bring(world, b"1"), pin="2468")
    kept = await world.core.store.sealed(held.id)
    other = secret_inputs.sealed(world.core, {**await secret_inputs.kept(world.core, held), "pin": "1357"})
    await world.core.store.append(Append(held.id, row={"sealed": other}))
    with pytest.raises(CannotApprove, match="A secret input is not what it was when this was pressed"):
        await approve.approve(world.core, world.who("bob"), held.id)
    await world.core.store.append(Append(held.id, row={"sealed": kept}))
    await approve.approve(world.core, world.who("bob"), held.id)
    assert (await world.over(held.id)).state is RunState.SUCCEEDED


async def test_nothing_can_be_guessed_of_a_secret_once_it_has_gone(world):
    """The same value is told apart by something else each time, and what that is goes with the value."""
    seals = set()
    for _ in range(2):
        held = await world.press("load", sheet=await bring(world, b"1"), pin="2468")
        assert held.hold
        seals.add(held.hold.secrets)
        await approve.reject(world.core, world.who("bob"), held.id, why="no")
        assert await secret_inputs.kept(world.core, held) == {}
    assert len(seals) == 2


async def test_what_lies_in_the_folder_of_a_number_that_is_given_again_is_not_the_new_runs(world):
    """After the database was put back to an earlier state."""
    (spool_of(world.app, 1) / "in/sheet").mkdir(parents=True)
    (spool_of(world.app, 1) / "in/sheet/sheet.csv").write_bytes(b"6 for Mallory")
    run = await world.press("open", sheet=await bring(world, b"12 for Mona"))
    assert run.id == 1
    assert (await world.over(1)).state is RunState.SUCCEEDED
    assert b"12 for Mona" in output(world, run)


async def test_the_record_of_a_press_says_what_was_brought(world):
    run = await world.press("open", sheet=await bring(world, b"12 for Mona"))
    upload = of_value(str(run.inputs["sheet"]))
    assert (upload.name, upload.sha256) == ("sheet.csv", hashlib.sha256(b"12 for Mona").hexdigest())
    await world.over(run.id)


# --- names

NAMES = [
    "Jahresabschluß (final), v2 [neu].csv", "हिन्दी रिपोर्ट.txt", "naïve café.md", "👩\u200d🚀 crew.txt", ".env", "-rf",
    " two  blanks .txt", "it's \"quoted\" & $HOME; `id` *.txt", "10:30.log", "a" * 251 + ".csv", "con",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_the_job_finds_its_file_alone_under_the_name_that_it_was_given(world, name):
    run = await world.over((await world.press("open", sheet=await bring(world, b"12\n", name))).id)
    assert run.state is RunState.SUCCEEDED
    assert output(world, run).decode() == f"{name}\n12\n1\n400\n"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (unicodedata.normalize("NFD", "Öffnungszeiten é.txt"), "Öffnungszeiten é.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\mona\\sheet.csv", "sheet.csv"),
        ("", "file"), (".", "file"), ("..", "file"), ("a/..", "file"), ("   ", "file"),
        ("a\0b\nc\x7fd\u2028e\ud800f", "a_b_c_d_e_f"),
        ("fdp\u202exe.csv", "fdp_xe.csv"),
        ("漢" * 200 + ".csv", "漢" * 83 + ".csv"),
    ],
)  # fmt: skip
def test_a_name_is_only_a_name(sent, name):
    assert given_name(sent) == name
    assert len(given_name(sent).encode()) <= 255


# --- how long


def age(file: Path, days: float) -> None:
    moment = file.stat().st_mtime - days * 86_400
    os.utime(file, (moment, moment))


@pytest.mark.parametrize("keep_days", [0, 365])
async def test_what_nobody_pressed_with_goes_after_a_day(world, keep_days):
    value, other = await bring(world, b"1"), await bring(world, b"2")
    age(world.core.files.place("uploads") / of_value(value).stored, 1.1)
    age(world.core.files.place("uploads") / of_value(other).stored, 0.9)
    assert await prune(world.core, keep_days) == (0, 1)
    assert [file.name for file in world.core.files.place("uploads").iterdir()] == [of_value(other).stored]


@pytest.mark.parametrize("earlier", [True, False])
async def test_what_an_unfinished_run_names_stays_however_old_it_is(world, earlier):
    """Also where the run has no copy of its own yet: an earlier version made none."""
    value = await bring(world, b"12 for Mona")
    if earlier:
        (world.core.files.place("uploads") / of_value(value).stored).rename(
            world.core.files.place("uploads") / f"{'a' * 24}-sheet.csv"
        )
        value = f"{'a' * 24}-sheet.csv"
    busy = await world.press("busy")
    await until(lambda: world.core.supervisors.held(busy.id), "it runs")
    run = (await world.core.store.press(NewRun("open", "Open", "ada", {"sheet": value}, 1))).run
    age(world.core.files.place("uploads") / of_value(value).stored, 500)
    assert await prune(world.core, 365) == (0, 0)
    world.core.dispatch.wake()
    (world.folder / "go").touch()
    assert (await world.over(run.id)).state is RunState.SUCCEEDED
    assert await prune(world.core, 365) == (0, 1)


async def test_a_held_run_outlives_what_was_uploaded_for_it(world):
    held = await world.press("load", sheet=await bring(world, b"12 for Mona"))
    for file in world.core.files.place("uploads").iterdir():
        age(file, 500)
    await prune(world.core, 1e-6)
    await approve.approve(world.core, world.who("bob"), held.id)
    assert (await world.over(held.id)).state is RunState.SUCCEEDED


async def test_files_that_nobody_presses_with_take_so_much_room_and_no_more(world):
    large = world.core.files.place("uploads") / ("0" * 24)
    with large.open("wb") as file:
        file.truncate(uploads.ROOM + 1)  # a hole: it takes no blocks
    with pytest.raises(UploadsFull, match=r"There is no room for more files now: .* 10 GB or 10,000 files together"):
        await bring(world, b"1")
    assert [file.name for file in world.core.files.place("uploads").iterdir()] == [large.name]
    large.unlink()
    assert await bring(world, b"1")
