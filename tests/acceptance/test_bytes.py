"""Whatever a job writes: the output is kept as it came, streams stay well formed, and a secret is in none of it."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .eventstream import Event, Parser
from .rawhttp import ask
from .serving import Served, until
from .test_streams import own, resident
from .worlds import script

EVERY_BYTE = bytes(range(256)) * 3
NASTY = [
    b"plain",
    b"carriage\rreturn",
    b"nul \0 here",
    "line separators \u2028 and \u2029 and \u0085".encode(),
    "\ufeffa byte order mark".encode(),
    b"invalid \xff\xfe\x80 bytes",
    b"half a character \xf0\x9f\x99",
    b"surrogate \xed\xa0\x80 in bytes",
    b"data: x",
    b"id: 5",
    b"event: forged\rdata: forged\r\r",
    b": comment",
    b'quotes " and \\ and {"kind":"state"}',
    b'{"kind": "status", "data": {"text": "escaped \\ud800 \\u0000 \\u2028 \\r\\n data: x"}}',
    b'{"kind": "state", "data": {"state": "succeeded"}}',
    "\u202eright to left\u202c 🙂".encode(),
    b"\x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \x1b]52;c;aGk=\x07 \x1b[31mred",
    b"<script>alert(1)</script>",
]
SECRET = "correct horse battery staple"
JOBS = {
    "everything.py": f"import os\nos.write(1, {EVERY_BYTE!r})\n",
    "nasty.py": f"import os\nfor line in {NASTY!r}:\n"
    "    os.write(3, b'status ' * (line[:1] != b'{') + line + b'\\n')\n"
    "    os.write(1, line + b'\\n')\n",
    "cut.py": "import os, time\n"
    "for byte in 'aä\\u2028🙂\\r\\n'.encode() * 40:\n"
    "    os.write(1, bytes([byte]))\n    time.sleep(0.001)\n",
    "prompt.py": "import os, time\nos.write(1, b'Continue? [y/N] ')\ntime.sleep(60)\n",
    "long.py": "import os\nfor _ in range(100):\n    os.write(1, b'0123456789' * 10000)\nos.write(1, b' end')\n"
    "os.write(3, b'status ' + b'x' * 10_000_000 + b'\\n')\nos.write(3, b'status after\\n')\n",
    "fast.py": "import sys\nsys.stdout.write(''.join(f'{n}\\n' for n in range(100_000)))\n",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("bytes")
    for name, body in JOBS.items():
        script(folder, name, body)
    with Served(folder) as served:
        yield served
        assert "Traceback" not in served.err


async def seen(server: Served, path: str) -> list[Event]:
    """Every event of a stream that ends, through the strict parser."""
    parser, found = Parser(), []
    async with await ask(server.port, path) as answer:
        async for piece in answer.pieces():
            found += parser.feed(piece)
        assert answer.complete
        assert not parser.cut
    return found


async def streamed(server: Served, number: int) -> str:
    """A run's output as its stream gives it."""
    return "".join(json.loads(event.data)["text"] for event in await seen(server, f"/api/runs/{number}/output/stream"))


async def statuses(server: Served, number: int) -> list[str]:
    found = await seen(server, f"/api/runs/{number}/events")
    texts = [json.loads(text) for text in own(found, number)]
    return [event["data"]["text"] for event in texts if event["kind"] == "status"]


async def test_every_byte_is_kept_as_it_came(server):
    number = server.press("everything")
    server.finished(number)
    assert server.output(number) == EVERY_BYTE


async def test_bytes_that_are_no_text_are_replaced_in_the_stream_and_nothing_else_is(server):
    number = server.press("everything")
    text = await streamed(server, number)
    assert text == EVERY_BYTE.decode(errors="replace")
    text.encode()  # no half characters


async def test_characters_that_are_written_byte_by_byte_arrive_whole(server):
    number = server.press("cut")
    assert await streamed(server, number) == "aä\u2028🙂\r\n" * 40


async def test_no_text_of_a_job_ends_a_field_or_forges_one(server):
    number = server.press("nasty")
    found = await seen(server, f"/api/runs/{number}/events")
    assert {event.name for event in found} <= {"state", "status", "note"}
    events = [json.loads(text) for text in own(found, number)]
    assert [event["kind"] for event in events] == ["state", "state", *["status"] * len(NASTY), "state"]
    assert [event.last_id for event in found] == [str(json.loads(event.data)["id"]) for event in found]
    assert all("\n" not in event.data and event.data.isascii() for event in found)


async def test_a_status_has_no_control_character_no_escape_and_no_half_character(server):
    number = server.press("nasty")
    server.finished(number)
    for text in await statuses(server, number):
        text.encode()
        assert not [char for char in text if char < " " and char not in "\n\t"], ascii(text)
        assert "\x7f" not in text
        assert "http://evil.example" not in text


async def test_a_job_cannot_say_how_its_run_ended(server):
    number = server.press("nasty")
    run = server.finished(number)
    assert (run["state"], run["exit_code"]) == ("succeeded", 0)
    states = [event["data"]["state"] for event in server.events(number) if event["kind"] == "state"]
    assert states == ["waiting", "running", "succeeded"]


@pytest.mark.parametrize("path", ["lines?from=1&count=100", "plain", "search?q=script", "search?text=script"])
def test_every_way_to_read_the_output_takes_every_byte(server, path):
    for task in ("everything", "nasty"):
        number = server.press(task)
        server.finished(number)
        assert server.http.get(f"/api/runs/{number}/output/{path}").status_code in (200, 400)


async def prompted(server: Served) -> float:
    """Seconds from the start of a run to its prompt."""
    number = server.press("prompt")
    until(lambda: server.run(number)["state"] == "running", what="the job runs")
    begun = time.monotonic()
    async with await ask(server.port, f"/api/runs/{number}/output/stream") as answer:
        parser = Parser()
        async for piece in answer.pieces():
            if events := parser.feed(piece):
                break
    taken = time.monotonic() - begun
    assert json.loads(events[0].data)["text"] == "Continue? [y/N] "
    server.http.post(f"/api/runs/{number}/cancel")
    server.finished(number)
    return taken


async def test_a_prompt_without_a_line_end_is_visible_within_two_seconds(server):
    taken = [await prompted(server) for _ in range(3)]
    assert min(taken) < 2, taken  # one may be late because the machine has other things to do


async def test_a_line_of_ten_megabytes_is_whole_in_the_output_and_in_small_pieces_in_the_stream(server):
    number = server.press("long")
    server.finished(number)
    before = resident(server.pid)
    found = await seen(server, f"/api/runs/{number}/output/stream")
    assert max(len(event.data) for event in found) < 4 << 20
    assert "".join(json.loads(event.data)["text"] for event in found) == "0123456789" * 1_000_000 + " end"
    assert server.http.get(f"/api/runs/{number}/output/lines?from=1&count=5").status_code == 200
    assert resident(server.pid) - before < 64 << 20


async def test_a_status_of_ten_megabytes_is_cut_says_so_and_hurts_no_other(server):
    number = server.press("long")
    server.finished(number)
    first, last = await statuses(server, number)
    assert last == "after"
    assert len(first) < 100_000
    assert first.startswith("xxx")
    assert "…" in first


async def test_a_hundred_thousand_fast_lines_are_complete_and_in_order(server):
    number = server.press("fast")
    text = await streamed(server, number)
    assert text == "".join(f"{n}\n" for n in range(100_000))
    assert server.output(number).decode() == text


def test_twelve_noisy_jobs_are_complete_and_in_order_and_the_server_answers_all_the_while(tmp_path):
    script(
        tmp_path,
        "noisy.py",
        """
        import os, time
        for part in range(40):
            os.write(1, "".join(f"{part} {n}\\n" for n in range(1000)).encode())
            os.write(3, f"status part {part}\\n".encode())
            time.sleep(0.05)
        """,
        head="at_once = 12",
    )
    wanted = "".join(f"{part} {n}\n" for part in range(40) for n in range(1000)).encode()
    with Served(tmp_path, at_once=12) as server:
        numbers = [server.press("noisy") for _ in range(12)]
        outputs = [server.data / "runs" / str(number) / "output" for number in numbers]

        def written() -> int:
            return sum(path.stat().st_size for path in outputs if path.exists())

        grown: list[int] = []  # while one answer was waited for: whatever else the machine does slows both
        running = True
        while running:
            before = written()
            running = bool(server.get("/api/health")["runs"])
            grown.append(written() - before)
        for number in numbers:
            assert server.finished(number)["state"] == "succeeded"
            assert server.output(number) == wanted
            said = [event["data"]["text"] for event in server.events(number) if event["kind"] == "status"]
            assert said == [f"part {part}" for part in range(40)]
    assert statistics.quantiles(grown, n=20)[-1] < 12 * len(wanted) / 2


# -- secrets


TELL = """
import os, sys, time
from typing import Annotated
from pushbutton import SecretStr, status, step, task

@task
def tell(password: SecretStr, name: str = "x"):
    value = password.get_secret_value() if hasattr(password, "get_secret_value") else str(password)
    data = value.encode()
    os.write(1, b"whole: " + data + b"\\n")
    for byte in b"bytewise: " + data + b"\\n":
        os.write(1, bytes([byte]))
        time.sleep(0.002)
    half = len(data) // 2
    os.write(1, data[:half])
    time.sleep(0.1)
    os.write(1, data[half:] + b"\\n")
    os.write(2, b"error: " + data + b"\\n")
    print("quoted:", repr(value), [value], flush=True)
    status(f"I know {value}")
    with step(f"step {value}"):
        pass
    os.write(1, b"begins only: " + data[:half] + b"\\n")
    raise ValueError(f"no such password: {value}")
"""


def where(folder: Path, value: bytes) -> list[str]:
    """The files below the folder that hold the value."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and value in path.read_bytes()]


def told(server: Served, number: int) -> str:
    """Everything that the API says of a run, as one text."""
    paths = ["", "/events", "/output/lines?from=1&count=1000", "/output/plain", "/output/search?q=correct"]
    answers = [server.http.get(f"/api/runs/{number}{path}", headers={"accept": "application/json"}) for path in paths]
    pages = [server.http.get(path) for path in (f"/runs/{number}", "/", "/history", "/api/runs", "/history.csv")]
    return "".join(answer.text for answer in [*answers, *pages]) + server.output(number).decode()


@pytest.fixture(scope="module")
def secretive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, int]]:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "telling.py").write_text(TELL)
    with Served(folder) as server:
        answer = server.http.post(
            "/api/tasks/tell/runs", json={"inputs": {"password": SECRET}}, headers={"idempotency-key": "k"}
        )
        number = int(answer.json()["number"])
        server.finished(number)
        yield server, number


def test_a_secret_is_in_no_answer_however_the_job_writes_it(secretive):
    server, number = secretive
    everything = told(server, number)
    assert SECRET not in everything
    assert everything.count("•••") >= 8
    output = server.output(number).decode()
    assert "whole: •••\n" in output
    assert "bytewise: •••\n" in output
    assert "no such password: •••" in output


def test_a_secret_that_only_begins_is_shown_as_it_is(secretive):
    server, number = secretive
    assert f"begins only: {SECRET[: len(SECRET) // 2]}\n" in server.output(number).decode()


def test_a_secret_is_a_mask_in_the_inputs_of_its_run(secretive):
    server, number = secretive
    assert server.run(number)["inputs"]["password"] == "•••"


def test_a_secret_is_in_no_file_of_the_data_folder_after_the_run(secretive):
    server, _ = secretive
    assert where(server.data, "•••".encode())  # it does find what is there
    assert where(server.data, SECRET.encode()) == []


def test_a_secret_leaves_no_hash_that_could_be_guessed(secretive):
    import hashlib

    server, _ = secretive
    for text in (SECRET, json.dumps({"name": "x", "password": SECRET}, separators=(",", ":"))):
        assert where(server.data, hashlib.sha256(text.encode()).hexdigest().encode()) == []


def test_a_secret_is_in_no_log_of_the_server(secretive):
    server, _ = secretive
    assert SECRET not in server.err + server.out


def test_a_secret_is_in_no_command_line_while_the_job_runs(tmp_path):
    (tmp_path / "waits.py").write_text(
        "from pathlib import Path\nimport time\nfrom pushbutton import SecretStr, task\n\n@task\n"
        "def waits(password: SecretStr):\n    print('ready', flush=True)\n    time.sleep(60)\n"
    )
    with Served(tmp_path) as server:
        number = server.press("waits", password=SECRET)
        server.output_has(number, b"ready")
        lines = [_read(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
        assert [line for line in lines if SECRET.encode() in line] == []
        server.http.post(f"/api/runs/{number}/cancel")
        server.finished(number)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_secret_of_a_press_that_is_refused_is_repeated_nowhere(secretive):
    server, _ = secretive
    for inputs in ({"password": [SECRET]}, {"password": SECRET, "other": SECRET}, {"password": SECRET + "\0"}):
        answer = server.http.post("/api/tasks/tell/runs", json={"inputs": inputs})
        assert answer.status_code == 422
        assert SECRET not in answer.text


async def test_what_is_held_back_for_a_secret_delays_no_other_output(tmp_path):
    (tmp_path / "asks.py").write_text(
        "import os, time\nfrom pushbutton import SecretStr, task\n\n@task\n"
        "def asks(password: SecretStr):\n    os.write(1, b'Continue? ')\n    time.sleep(60)\n"
    )
    with Served(tmp_path) as server:
        number = server.press("asks", password=SECRET)
        await asyncio.to_thread(server.output_has, number, b"Continue? ")
        server.http.post(f"/api/runs/{number}/cancel")
        server.finished(number)
