"""Storage that is busy, gone, damaged, full or cut off in the middle; descriptors that run out; clocks that jump.

Real power loss and a moved system clock cannot be had in a test that shares its machine: images of the files, cut at
any byte, stand for the first, and a shifted `time.time` with a look at the source for the second.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import httpx
import pytest

import pushbutton
from pushbutton import testing
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.run import RunState
from pushbutton.errors import StoreDamaged, StoreError
from pushbutton.runtime.ports import Topics

from .serving import PATIENCE, Served, environment, until
from .worlds import script

EVERYTHING = Topics(everything=True)
TICKING = "n=0; while [ ! -e {gate} ]; do n=$((n+1)); echo $n; sleep 0.05; done; echo done"


def note(text: str) -> Draft:
    return Draft(Kind.NOTE, {"text": text}, 1)


def limit(pid: int, what: int, soft: int) -> None:
    """Change a process's soft limit; the hard one stays, so it can be taken back."""
    _, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft if soft >= 0 else hard, hard))


@contextlib.contextmanager
def holding(database: Path) -> Iterator[None]:
    """Another process has a transaction open that lets nobody write, until the block ends."""
    code = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute('BEGIN EXCLUSIVE'); "
    )
    code += "print('held', flush=True); sys.stdin.read(); db.execute('ROLLBACK')"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        yield
        assert other.stdin
        other.stdin.close()
        assert other.wait(PATIENCE) == 0


# -- durable


def test_a_press_that_was_accepted_is_there_after_a_kill(tmp_path):
    script(tmp_path, "job.sh", "true")
    with Served(tmp_path) as server:
        for _ in range(3):
            number = server.press("job")
            server.kill9()
            server.restart()
            assert server.finished(number)["state"] == "succeeded"


async def test_every_write_reaches_the_disk_before_it_is_acknowledged(tmp_path):
    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    found = await store._db.write(
        lambda db: (db.execute("PRAGMA synchronous").get, db.execute("PRAGMA journal_mode").get)
    )
    await store.close()
    assert found == (2, "wal")  # 2 is FULL: NORMAL may roll back what was acknowledged when the power goes


# -- busy


def test_a_database_that_another_process_holds_stops_nobody_from_looking(tmp_path):
    gate = tmp_path / "gate"
    script(tmp_path, "ticking.sh", TICKING.format(gate=gate))
    with Served(tmp_path) as server:
        number = server.press("ticking")
        server.output_has(number, b"3\n")
        with holding(server.data / "history.db"):
            # It is held until all of this was answered: who waited for the database would wait in vain.
            sizes: set[int] = set()

            def looked() -> int:
                assert server.get("/api/health")["ok"]
                assert server.run(number)["state"] == "running"
                sizes.add(len(server.output(number)))
                return len(sizes)

            until(lambda: looked() > 20, what="the output to go on")
            gate.touch()  # it ends while nothing can be written
            until(lambda: b"done" in server.output(number), what="the last output")
        assert server.finished(number)["state"] == "succeeded"


def test_a_press_while_another_process_holds_the_database_is_kept_or_refused_but_never_lost(tmp_path):
    script(tmp_path, "job.sh", "true")
    with Served(tmp_path) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            with holding(server.data / "history.db"):
                sock.sendall(b"POST /api/tasks/job/runs HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert server.get("/api/runs") == []
            sock.settimeout(PATIENCE)
            assert sock.recv(4096).startswith(b"HTTP/1.1 202")
        [run] = server.get("/api/runs")
        assert server.finished(run["number"])["state"] == "succeeded"


# -- gone, damaged, closed, newer


def test_when_the_database_is_removed_nothing_is_acknowledged_that_would_vanish(tmp_path):
    script(tmp_path, "job.sh", "true")
    with Served(tmp_path) as server:
        server.finished(server.press("job"))
        (server.data / "history.db").unlink()
        answer = server.http.post("/api/tasks/job/runs", json={})
        assert answer.status_code == 503
        assert "was removed or replaced" in answer.json()["title"]
        assert server.alive


def damaged(folder: Path, how: str) -> Path:
    """A database with some history, closed, then damaged."""

    async def fill() -> None:
        store = SqliteStore(folder / "history.db")
        await store.open()
        for number in range(300):
            await store.say(note(f"{number} " + "x" * 200))
        await store.close()

    asyncio.run(fill())
    file = folder / "history.db"
    data = file.read_bytes()
    assert len(data) > 40_000
    match how:
        case "no database":
            file.write_bytes(b"This is a letter to my aunt.\n" * 1000)
        case "garbage in the middle":
            file.write_bytes(data[:12_288] + random.Random(1).randbytes(16_384) + data[28_672:])
        case "truncated":
            file.write_bytes(data[: len(data) // 2])
        case "its first page is zero":
            file.write_bytes(bytes(4096) + data[4096:])
    return file


@pytest.mark.parametrize("how", ["no database", "garbage in the middle", "truncated", "its first page is zero"])
def test_a_damaged_database_is_refused_and_left_as_it_is(tmp_path, how):
    file = damaged(tmp_path, how)
    before = file.read_bytes()

    async def open_it() -> None:
        store = SqliteStore(file)
        with pytest.raises(StoreDamaged, match=r"damaged|is no"):
            await store.open()

    asyncio.run(open_it())
    assert file.read_bytes() == before


def refused(tmp_path: Path, data: Path) -> str:
    """What `serve` says when it does not start."""
    script(tmp_path, "job.sh", "true")
    with pytest.raises(AssertionError) as failed:
        Served(tmp_path, data=data)
    said = str(failed.value).partition("stderr:\n")[2]
    assert "Traceback" not in said
    assert "itself" not in said  # not a fault of ours
    return said


def test_a_server_says_in_a_sentence_that_its_database_is_damaged(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    file = damaged(data, "no database")
    said = refused(tmp_path, data)
    assert f"{file} is damaged or is no Pushbutton store" in said
    assert file.read_bytes().startswith(b"This is a letter")


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    with contextlib.closing(apsw.Connection(str(data / "history.db"))) as db:
        db.execute("CREATE TABLE future (x); PRAGMA user_version = 99")
    before = (data / "history.db").read_bytes()
    assert "was written by a newer Pushbutton (schema 99" in refused(tmp_path, data)
    assert (data / "history.db").read_bytes() == before


@pytest.mark.parametrize("what", ["folder", "file"])
def test_data_that_may_not_be_written_is_refused_in_a_sentence(tmp_path, what):
    """Root may write everywhere, so the server runs as somebody else where the test runs as root."""
    data = tmp_path / "data"
    data.mkdir()
    asyncio.run(_empty(data / "history.db"))
    (data / "lock").touch()
    if what == "folder":
        data.chmod(0o555)
    else:
        for name in ("runs", "uploads"):
            (data / name).mkdir()
        data.chmod(0o777)
        (data / "lock").chmod(0o666)
        (data / "history.db").chmod(0o444)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and os.geteuid() == 0 and folder != Path(folder.anchor):
            folder.chmod(folder.stat().st_mode | 0o011)
    # Everything is loaded before the user changes: nobody else may be able to read the installation.
    code = """
    import asyncio, os, sys, uvloop
    from pushbutton.app import Pushbutton
    from pushbutton.errors import PushbuttonError
    if os.geteuid() == 0:
        os.setgid(65534); os.setuid(65534)
    async def main():
        try:
            async with Pushbutton(sys.argv[1], data=sys.argv[2]):
                print("opened")
        except PushbuttonError as error:
            print(type(error).__name__, error)
    asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path), str(data)],
        capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment(),
    )  # fmt: skip
    data.chmod(0o777)
    assert done.stderr == ""
    assert "cannot be written" in done.stdout
    assert str(data) in done.stdout


async def _empty(file: Path) -> None:
    store = SqliteStore(file)
    await store.open()
    await store.close()


# -- upgrades


UPGRADE = """
import asyncio, sys
from pathlib import Path
from pushbutton.adapters.sqlite import SqliteStore, database
real = database._steps
def steps():
    more = [f"CREATE TABLE step{n} (x); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 20000) "
            f"INSERT INTO step{n} SELECT x FROM c; ALTER TABLE runs ADD COLUMN more{n} TEXT" for n in range(8)]
    return real() + more
database._steps = steps
async def main():
    store = SqliteStore(Path(sys.argv[1]))
    print("ready", flush=True)
    await store.open()
    print("open", flush=True)
    await store.close()
asyncio.run(main())
"""


def test_an_upgrade_that_is_killed_anywhere_goes_on_where_it_was(tmp_path):
    dice = random.Random(4)
    file = tmp_path / "history.db"
    asyncio.run(_empty(file))
    [first] = [apsw.Connection(str(file)).execute("PRAGMA user_version").get]
    seen = set()
    for _ in range(12):
        with subprocess.Popen([sys.executable, "-c", UPGRADE, str(file)], stdout=subprocess.PIPE) as upgrading:
            assert upgrading.stdout
            assert upgrading.stdout.readline() == b"ready\n"
            with contextlib.suppress(subprocess.TimeoutExpired):
                upgrading.wait(dice.random() * 0.25)
            upgrading.kill()
        with contextlib.closing(apsw.Connection(str(file))) as db:
            version = db.execute("PRAGMA user_version").get - first
            seen.add(version)
            tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'step%'")}
            assert tables == {f"step{n}" for n in range(version)}  # a step is there whole or not at all
            assert all(db.execute(f"SELECT count(*) FROM {table}").get == 20_000 for table in tables)
            columns = {row[1] for row in db.execute("PRAGMA table_info(runs)")}
            assert {name for name in columns if name.startswith("more")} == {f"more{n}" for n in range(version)}
            assert db.execute("PRAGMA quick_check").get == "ok"
    done = subprocess.run(
        [sys.executable, "-c", UPGRADE, str(file)], stdout=subprocess.PIPE, timeout=PATIENCE, check=True
    )
    assert done.stdout == b"ready\nopen\n"
    assert apsw.Connection(str(file)).execute("PRAGMA user_version").get == first + 8


# -- the write-ahead log


async def test_the_log_stays_small_while_many_watch_for_long(tmp_path):
    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    log = tmp_path / "history.db-wal"
    largest, writing = 0, True

    async def watch() -> None:
        after = 0
        while writing:
            for event in await store.events(EVERYTHING, after=after, limit=200):
                after = event.id

    watchers = [asyncio.create_task(watch()) for _ in range(8)]
    for number in range(80):
        await asyncio.gather(*(store.say(note(f"{number} " + "x" * 10_000)) for _ in range(100)))
        largest = max(largest, log.stat().st_size)
    writing = False
    await asyncio.gather(*watchers)
    await store.close()
    assert (tmp_path / "history.db").stat().st_size > 80_000_000
    assert largest < 24 << 20


@pytest.mark.parametrize("reads", [0, 1, 8])
async def test_after_a_clean_close_the_file_alone_is_the_whole_history(tmp_path, reads):
    file = tmp_path / "history.db"
    store = SqliteStore(file)
    await store.open()
    for number in range(5):
        said = store.say(note(str(number)))
        await asyncio.gather(said, *(store.events(EVERYTHING, after=0, limit=200) for _ in range(reads)))
    last = asyncio.create_task(store.say(note("asked for before the close")))
    await asyncio.sleep(0)  # its turn to ask
    await store.close()
    assert (await last).data["text"] == "asked for before the close"
    assert [path.name for path in tmp_path.iterdir()] == ["history.db"]
    shutil.copy(file, tmp_path / "alone.db")
    with contextlib.closing(apsw.Connection(str(tmp_path / "alone.db"))) as alone:
        assert alone.execute("SELECT count(*) FROM events").get == 6


async def test_a_closed_store_refuses_in_a_sentence(tmp_path):
    store = SqliteStore(tmp_path / "history.db")
    await store.open()
    await store.close()
    with pytest.raises(StoreError, match=r"^The store is closed\.$"):
        await store.say(note("too late"))
    with pytest.raises(StoreError, match=r"^The store is closed\.$"):
        await store.last_event()


def test_a_server_that_was_stopped_in_good_order_leaves_its_history_in_one_file(tmp_path):
    script(tmp_path, "job.sh", "echo hello")
    with Served(tmp_path) as server:
        number = server.press("job")
        assert server.finished(number)["state"] == "succeeded"
        assert server.term() == 0
        assert sorted(path.name for path in server.data.glob("history*")) == ["history.db"]
        server.restart()
        assert server.run(number)["state"] == "succeeded"


async def test_an_image_of_the_files_at_any_moment_opens_and_is_a_beginning(tmp_path):
    """As after a power loss: what was acknowledged before the image is in it, and a torn end loses only the end."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201  shown when it fails
    dice = random.Random(seed)
    file = tmp_path / "history.db"
    store = SqliteStore(file)
    await store.open()
    acknowledged, writing = 0, True

    async def write() -> None:
        nonlocal acknowledged
        while writing and acknowledged < 250:  # few enough that the log is not moved into the file meanwhile
            await store.say(note(str(acknowledged + 1)))
            acknowledged += 1

    work = asyncio.create_task(write())
    images = []
    for index in range(12):
        image = tmp_path / f"image{index}"
        image.mkdir()
        while acknowledged < index * 20:
            await store.last_event()  # gives the writer its turn
        known = acknowledged
        await asyncio.to_thread(shutil.copy, file, image / "history.db")
        await asyncio.to_thread(shutil.copy, f"{file}-wal", image / "history.db-wal")
        images.append((image, known))
    writing = False
    await work
    await store.close()
    for index, (image, known) in enumerate(images):
        log = image / "history.db-wal"
        torn = index % 3 > 0
        if torn:
            size = dice.randrange(log.stat().st_size + 1)
            data = log.read_bytes()[:size]
            log.write_bytes(data + (dice.randbytes(3000) if index % 3 == 2 else b""))
        copy = SqliteStore(image / "history.db")
        await copy.open()
        texts = [event.data["text"] for event in await copy.events(EVERYTHING, after=0, limit=10_000)]
        assert texts == [str(number + 1) for number in range(len(texts))]
        if not torn:
            assert len(texts) >= known
        await copy.say(note(str(len(texts) + 1)))  # and it goes on from there
        await copy.close()


# -- full


def supervisor_of(spool: Path) -> int:
    """The pid of the process that works in the run's folder."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == spool and b"supervisor of run" in (entry / "cmdline").read_bytes():
                return int(entry.name)
    raise AssertionError(f"nobody works in {spool}")


def test_a_full_disk_costs_output_and_says_so_but_neither_the_job_nor_the_server_hangs(tmp_path):
    script(
        tmp_path,
        "writer.py",
        f"""
        import os, time
        def wait(name):
            while not os.path.exists({str(tmp_path)!r} + "/" + name):
                time.sleep(0.01)
        print("begun", flush=True)
        wait("full")
        os.write(1, b"lost " * 100_000)
        print("gone on", flush=True)
        open({str(tmp_path)!r} + "/gone-on", "w").close()
        wait("room")
        print("after", flush=True)
        """,
    )
    with Served(tmp_path) as server:
        number = server.press("writer")
        server.output_has(number, b"begun\n")
        supervisor = supervisor_of(server.data / "runs" / str(number))
        limit(supervisor, resource.RLIMIT_FSIZE, 20_000)
        (tmp_path / "full").touch()
        until((tmp_path / "gone-on").exists, what="the job goes on")
        assert server.get("/api/health")["ok"]
        limit(supervisor, resource.RLIMIT_FSIZE, -1)
        (tmp_path / "room").touch()
        assert server.finished(number)["state"] == "succeeded"
        said = [event["data"]["text"] for event in server.events(number) if event["kind"] == "note"]
        assert any("disk was full" in text and "were lost" in text for text in said), said
        assert server.output(number).endswith(b"after\n")


def test_a_database_that_cannot_grow_refuses_in_words_and_goes_on_when_there_is_room(tmp_path):
    gate = tmp_path / "gate"
    script(tmp_path, "job.sh", TICKING.format(gate=gate), head="at_once = 20")
    with Served(tmp_path) as server:
        number = server.press("job")
        server.output_has(number, b"1\n")
        limit(server.pid, resource.RLIMIT_FSIZE, 4096)
        for _ in range(3):
            answer = server.http.post("/api/tasks/job/runs", json={})
            assert answer.status_code == 507, answer.text
            assert "disk is full" in answer.json()["title"]
        assert server.get("/api/health")["ok"]
        gate.touch()  # its end cannot be written now, and is not dropped
        until(lambda: b"done" in server.output(number), what="the last output")
        limit(server.pid, resource.RLIMIT_FSIZE, -1)
        assert server.finished(number)["state"] == "succeeded"
        assert server.finished(server.press("job"))["state"] == "succeeded"
        assert len(server.get("/api/runs")) == 2


# -- descriptors


def test_without_descriptors_the_server_neither_dies_nor_spins_and_recovers(tmp_path):
    script(tmp_path, "job.sh", "true")
    with Served(tmp_path) as server:
        server.finished(server.press("job"))
        limit(server.pid, resource.RLIMIT_NOFILE, len(os.listdir(f"/proc/{server.pid}/fd")) + 10)
        socks = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
        try:
            for sock in socks:
                with contextlib.suppress(OSError):
                    sock.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            looks: list[bool] = []

            def rests() -> bool:  # who spins is never asleep so often in a row, on a busy machine neither
                looks.append(server.command.asleep)
                return len(looks) >= 50 and all(looks[-50:])

            until(rests, what="half a second in which the server has nothing to do")
            assert server.alive
        finally:
            for sock in socks:
                sock.close()

        def recovered() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return bool(server.get("/api/health")["ok"])
            return False

        until(recovered, what="an answer")
        limit(server.pid, resource.RLIMIT_NOFILE, 1024)
        assert server.finished(server.press("job"))["state"] == "succeeded"


# -- clocks


def test_no_limit_is_measured_with_the_wall_clock():
    """`now` and `micros` are stamps for showing; nothing else may ask what time it is."""
    root = Path(pushbutton.__file__).parent
    wall = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}
    asked = set()
    for file in [*(root / "supervisor").rglob("*.py"), *(root / "runtime").rglob("*.py")]:
        tree = ast.parse(file.read_text())
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                names = {ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Attribute)}
                if names & wall:
                    asked.add(f"{file.relative_to(root)}:{function.name}")
    assert asked == {"supervisor/spool.py:micros", "runtime/clock.py:machine"}


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_wall_clock_that_jumps_moves_no_timeout_and_no_order(tmp_path, monkeypatch, hours):
    script(tmp_path, "job.sh", "echo status begun >&3; sleep 60", head="timeout = 1\ngrace = 1")
    real, real_ns = time.time, time.time_ns
    async with testing.opened(tmp_path, store=None) as app:
        run = await app.press("job")
        async for event in run.events():
            if event.kind is Kind.STATUS:
                break
        monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
        monkeypatch.setattr(time, "time_ns", lambda: real_ns() + hours * 3600 * 10**9)
        done = await testing.watched(app, run)
        again = await app.press("job")
        await again.cancel()
        assert (await again.finished()).state is RunState.CANCELLED
    assert done.run.state is RunState.FAILED
    assert "longer than it may" in done.run.reason
    ids = [event.id for event in done.events]
    assert ids == sorted(ids)
    assert done.events[-1].data["state"] == "failed"


# -- one server for each folder


def test_a_second_server_on_the_same_data_refuses_and_hurts_nothing(tmp_path):
    gate = tmp_path / "gate"
    script(tmp_path, "ticking.sh", TICKING.format(gate=gate))
    with Served(tmp_path) as first:
        number = first.press("ticking")
        first.output_has(number, b"1\n")
        with pytest.raises(AssertionError, match="is in use by another server"):
            Served(tmp_path)
        gate.touch()
        assert first.finished(number)["state"] == "succeeded"


def test_a_press_survives_a_stop_in_the_middle_of_others(tmp_path):
    """SIGTERM while presses come in: every one that was acknowledged is in the history."""
    script(tmp_path, "job.sh", "true", head="at_once = 4")
    with Served(tmp_path) as server:
        numbers = [server.press("job") for _ in range(10)]
        server.command.signal(signal.SIGTERM)
        with contextlib.suppress(Exception):
            numbers += [server.press("job") for _ in range(100)]
        server.command.wait()
        server.restart()
        known = {run["number"] for run in server.get("/api/runs?limit=500")}
        assert set(numbers) <= known
        for number in numbers:
            assert server.finished(number)["state"] == "succeeded"
