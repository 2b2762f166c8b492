"""Files that a job hands over: kept as they were at that moment, from where it may take them, without secrets."""

from __future__ import annotations

import json
import os
import textwrap
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest

from pushbutton import testing
from pushbutton.app import Pushbutton

from .serving import Served
from .serving import until as seen
from .worlds import script, spool_of, until

HOSTNAME = Path("/etc/hostname").read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the tasks; the data folder lies beside it."""
    made = tmp_path / "jobs"
    made.mkdir()
    return made


def opened(folder: Path, **settings: object) -> AbstractAsyncContextManager[Pushbutton]:
    return testing.opened(folder, data=str(folder.parent / "data"), **settings)


def client(app: Pushbutton) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost", timeout=60)


async def kept(folder: Path, task: str = "job", **settings: object) -> tuple[list[tuple[str, bytes]], list[str]]:
    """(results as (name, content), sentences) of one run."""
    async with opened(folder, **settings) as app:
        run = await app.press(task)
        events = [event async for event in run.events()]
        assert (await run.run()).state == "succeeded", events
        names = [str(event.data["name"]) for event in events if event.kind == "artifact"]
        async with client(app) as http:
            files = [(name, (await http.get(f"/api/runs/{run.id}/artifacts/{name}")).content) for name in names]
        return files, [str(event.data["text"]) for event in events if event.kind == "note"]


def python(folder: Path, body: str) -> None:
    """A task `job` that does this."""
    head = "import os, tempfile\nfrom pathlib import Path\nfrom pushbutton import artifact, task\n\n@task\ndef job():\n"
    (folder / "job.py").write_text(head + textwrap.indent(textwrap.dedent(body), "    "))


# -- as it was


async def test_a_file_that_is_gone_right_after_it_was_handed_over_is_kept(folder):
    python(
        folder,
        """
        for number in range(3):
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder, "table.csv")
                file.write_text(f"row {number}")
                artifact(file)
        """,
    )
    files, notes = await kept(folder)
    assert files == [("table.csv", b"row 0"), ("table-2.csv", b"row 1"), ("table-3.csv", b"row 2")]
    assert notes == []


@pytest.mark.parametrize("where", ["Path.cwd()", "Path(os.environ['PUSHBUTTON_FILES'])"])
async def test_a_file_that_is_overwritten_and_handed_over_again_is_kept_each_time(folder, where):
    python(
        folder,
        f"""
        file = {where} / "count.txt"
        for number in range(4):
            file.write_text("x" * number)
            artifact(file)
        """,
    )
    files, _ = await kept(folder)
    assert [content for _, content in files] == [b"", b"x", b"xx", b"xxx"]


async def test_a_large_file_is_whole_though_it_is_cut_the_moment_after(folder):
    python(
        folder,
        """
        with open("large.bin", "wb") as file:
            for number in range(48):
                file.write(bytes([number]) * (1 << 20))
        artifact("large.bin")
        os.truncate("large.bin", 0)
        """,
    )
    ((name, content),), _ = await kept(folder)
    assert name == "large.bin"
    assert content == b"".join(bytes([number]) * (1 << 20) for number in range(48))


async def test_a_shell_script_may_remove_what_its_command_has_handed_over(folder):
    script(
        folder,
        "tidy.sh",
        """
        echo one > "$TMPDIR/out file.txt"
        pushbutton artifact "$TMPDIR/out file.txt" The list
        rm "$TMPDIR/out file.txt"
        """,
        head='env = {TMPDIR = "/var/tmp"}',
    )
    assert await kept(folder, "tidy") == ([("out file.txt", b"one\n")], [])


async def test_a_plain_line_names_a_file_seen_from_where_the_job_starts(folder):
    script(folder, "plain.sh", "mkdir -p out; echo hi > out/list.txt; echo artifact out/list.txt >&3")
    assert await kept(folder, "plain") == ([("list.txt", b"hi\n")], [])


async def test_a_folder_is_said_to_be_one(folder):
    python(folder, "os.makedirs('many/files'); artifact('many')")
    files, notes = await kept(folder)
    assert files == []
    assert notes == [f"“{folder}/many” was not kept: it is a folder. Pack it into one file, and hand that over."]


def test_a_result_is_kept_while_no_server_is_there(folder):
    (folder / "late.py").write_text(
        textwrap.dedent("""
        import os, time
        from pathlib import Path
        from pushbutton import artifact, task

        @task
        def late():
            print("begun", flush=True)
            while not Path("go").exists():
                time.sleep(0.01)
            Path("late.txt").write_text("made meanwhile")
            artifact("late.txt")
            Path("late.txt").unlink()
        """)
    )
    with Served(folder) as server:
        number = server.press("late")
        server.output_has(number, b"begun")
        server.kill9()
        (folder / "go").touch()
        seen(lambda: not server.held(), what="the run is over")
        server.restart()
        assert server.finished(number)["state"] == "succeeded"
        assert server.http.get(f"/api/runs/{number}/artifacts/late.txt").content == b"made meanwhile"


async def test_a_file_that_a_supervisor_of_0_2_0_has_named_is_copied_by_the_server(folder):
    """Its record is put into the spool of a run that is under way."""
    script(folder, "wait.sh", "while [ ! -e go ]; do sleep 0.05; done")
    (folder / "old.csv").write_text("by the old one")
    async with opened(folder) as app, client(app) as http:
        run = await app.press("wait")
        spool = spool_of(app, run.id)
        await until(lambda: (spool / "events").exists() and "started" in (spool / "events").read_text())
        for path in (folder / "old.csv", "/proc/self/environ"):
            with (spool / "events").open("a") as events:
                events.write(json.dumps({"t": 1, "o": 0, "k": "line", "line": f"artifact {path}"}) + "\n")
        (folder / "go").touch()
        await run.finished()
        said = [
            (event.kind, event.data.get("name")) async for event in run.events() if event.kind in ("artifact", "note")
        ]
        assert said == [("artifact", "old.csv"), ("note", None)]
        assert (await http.get(f"/api/runs/{run.id}/artifacts/old.csv")).content == b"by the old one"


# -- from where


OUTSIDE = [
    "/etc/hostname",
    "/proc/self/environ",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/dev/null",
    "{data}/server.key",
    "{data}/history.db",
    "{data}/runs/1/output",
    "{data}/runs/1/files/../output",
    "{cwd}/../data/server.key",
    "{cwd}/to-key",
    "{cwd}/to-data/server.key",
    "{cwd}/pipe",
]


async def test_no_file_is_kept_that_is_not_the_jobs_to_hand_over(folder):
    data = folder.parent / "data"
    (folder / "to-key").symlink_to(data / "server.key")
    (folder / "to-data").symlink_to(data)
    os.mkfifo(folder / "pipe")
    paths = [path.format(data=data, cwd=folder) for path in OUTSIDE]
    python(folder, f"for path in {paths!r}: artifact(path)")
    files, notes = await kept(folder)
    assert files == []
    assert len(notes) == len(OUTSIDE), notes
    assert all(" was not kept: " in note and "there is no such file" not in note for note in notes), notes


async def test_a_link_to_a_file_that_may_be_handed_over_is_that_file(folder):
    python(folder, "Path('may.csv').write_text('a;b'); os.symlink('may.csv', 'latest.csv'); artifact('latest.csv')")
    files, _ = await kept(folder)
    assert files == [("latest.csv", b"a;b")]


async def test_a_folder_that_the_task_declares_may_be_handed_over_from(folder):
    script(folder, "lend.sh", "pushbutton artifact /etc/hostname", head='results = ["/etc"]')
    script(folder, "steal.sh", "pushbutton artifact /etc/hostname")
    assert await kept(folder, "lend") == ([("hostname", HOSTNAME)], [])
    files, (note,) = await kept(folder, "steal")
    assert files == []
    assert "Name its folder under “results”" in note


async def test_all_results_of_a_run_together_have_a_limit(folder):
    python(
        folder,
        """
        for name, size in {"a": 600_000, "b": 600_000, "c": 300_000}.items():
            Path(name).write_bytes(bytes(size))
            artifact(name)
        with open("sparse", "wb") as file:
            file.truncate(1 << 40)
        artifact("sparse")
        """,
    )
    files, notes = await kept(folder, results_mb=1)
    assert [name for name, _ in files] == ["a", "c"]
    assert [note.partition(":")[0] for note in notes] == [f"“{folder}/{name}” was not kept" for name in ("b", "sparse")]
    assert "1.0 MB" in notes[0]
    assert "results_mb" in notes[0]


# -- over HTTP


ESCAPED = [
    b"artifact /etc/hostname",
    b"art\x1b[mifact /etc/hostname",
    b"\x1b[1martifact\x1b[0m /etc/hostname",
    b'{"kind": "art\\u001b[0mifact", "data": {"path": "/etc/hostname"}}',
    b'{"ki\\u001b[mnd": "artifact", "data": {"path": "/etc/hostname"}}',
    b"\x1b]0;title\x07artifact /etc/hostname",
]


async def test_no_file_can_be_named_over_http_however_the_line_is_written(folder):
    script(folder, "wait.sh", 'echo "$PUSHBUTTON_TOKEN" > token; while [ ! -e go ]; do sleep 0.05; done')
    async with opened(folder) as app, client(app) as http:
        run = await app.press("wait")
        await until((folder / "token").exists)
        await until((folder / "token").read_text)
        headers = {"authorization": f"Bearer {(folder / 'token').read_text().strip()}", "content-type": "text/plain"}
        for line in ESCAPED:
            answer = await http.post(f"/api/runs/{run.id}/events", headers=headers, content=b"status one\n" + line)
            assert answer.status_code == 400, line
            assert "Files cannot be named from elsewhere" in answer.json()["title"]
            # Also when nobody looks at it on its way.
            with (spool_of(app, run.id) / "control").open("wb") as pipe:
                pipe.write(json.dumps({"do": "report", "lines": line.decode()}).encode() + b"\n")
        (folder / "go").touch()
        await run.finished()
        events = [event async for event in run.events()]
        assert "artifact" not in [event.kind for event in events]
        refused = [event.data["text"] for event in events if event.kind == "note"]
        assert len(refused) == len(ESCAPED)
        assert all("files cannot be named from elsewhere" in str(text) for text in refused)


# -- without secrets


async def test_the_value_of_a_secret_is_in_no_result_and_the_run_says_so(folder, monkeypatch):
    value = 'tr0ub4dor&3 "horse"\nbattery'
    monkeypatch.setenv("OF_ENV", value)
    (folder / "pushbutton.yaml").write_text("secrets: {OF_ENV: {env: OF_ENV}}\n")
    (folder / "spill.py").write_text(
        textwrap.dedent("""
        import base64, json, os
        from pathlib import Path
        from pushbutton import artifact, secret, task

        @task(secrets=["OF_ENV"])
        def spill():
            value = secret("OF_ENV")
            files = Path(os.environ["PUSHBUTTON_FILES"])
            for name, text in {
                "plain.md": "x" * 262_130 + value + "\\n" + "y" * 300_000,
                "data.json": json.dumps({"password": value}),
                "coded.txt": base64.b64encode(value.encode()).decode(),
                "clean.txt": "nothing",
            }.items():
                (files / name).write_text(text)
                artifact(files / name)
            (files / "made.bin").write_bytes(b"\\0\\1" + value.encode())
            artifact(files / "made.bin")
        """)
    )
    files, notes = await kept(folder, "spill")
    found = dict(files)
    assert list(found) == ["plain.md", "data.json", "coded.txt", "clean.txt"]
    assert found["plain.md"] == ("x" * 262_130 + "•••\n" + "y" * 300_000).encode()
    assert found["data.json"] == '{"password": "•••"}'.encode()
    assert found["clean.txt"] == b"nothing"
    made = notes.pop()
    assert "/made.bin” was not kept: it holds the value of a secret, and is no text in which that could" in made
    masked = ("plain.md", "data.json", "coded.txt")
    assert notes == [f"“{name}” held the value of a secret, which is masked in it." for name in masked]
    for file in (folder.parent / "data").rglob("*"):
        if file.is_file():
            assert value.encode() not in file.read_bytes(), file
            assert json_of(value) not in file.read_bytes(), file


def json_of(value: str) -> bytes:
    return json.dumps(value)[1:-1].encode()


async def test_a_value_in_the_path_of_a_result_is_in_no_record_and_the_file_is_kept(folder, monkeypatch):
    monkeypatch.setenv("OF_ENV", "hunter2-hunter2")
    (folder / "pushbutton.yaml").write_text("secrets: {OF_ENV: {env: OF_ENV}}\n")
    script(
        folder,
        "name.sh",
        'mkdir "$OF_ENV"; echo x > "$OF_ENV/$OF_ENV.txt"; pushbutton artifact "$OF_ENV/$OF_ENV.txt"; rm -r "$OF_ENV"',
        head='secrets = ["OF_ENV"]',
    )
    assert await kept(folder, "name") == ([("•••.txt", b"x\n")], [])
    assert b"hunter2" not in (folder.parent / "data" / "runs" / "1" / "events").read_bytes()
