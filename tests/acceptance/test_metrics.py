"""Probes and metrics of a real server, read by the parser that Prometheus' own library brings."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pushbutton.app import Pushbutton
from pushbutton.errors import StoreBusy
from pushbutton.web.api.metrics import FAMILIES
from tests.acceptance.entries import ada, put
from tests.acceptance.serving import Served, until
from tests.acceptance.worlds import script

TOKEN = "a token of sixteen+".replace(" ", "-")
WORKS = {"authorization": f"Bearer {TOKEN}"}


class World(NamedTuple):
    server: Served
    files: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("metrics")
    tasks = folder / "tasks"
    tasks.mkdir()
    script(tasks, "good", "true")
    script(tasks, "bad", "exit 3")
    script(tasks, "long", 'until [ -e "$GO" ]; do sleep 0.05; done')
    script(tasks, "broken", "true", head="at_once = 0")
    (folder / "token").write_text(f"{TOKEN}\n")
    env = {"GO": str(folder / "go")}
    with Served(tasks, data=folder / "data", metrics_token_file=folder / "token", env=env) as server:
        yield World(server, folder)
        (folder / "go").touch()


def read(server: Served) -> dict[str, dict[tuple[str, ...], float]]:
    """By the name of a sample: its values, by those of its labels."""
    answer = httpx.get(f"{server.url}/metrics", headers=WORKS)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = tuple(sample.labels[name] for name in sorted(sample.labels, reverse=True))  # the task first
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def test_what_runs_do_is_counted(world):
    server = world.server
    for task in ("good", "good", "bad"):
        server.finished(server.press(task))
    for _ in range(3):
        server.press("long")
    until(lambda: read(server)["pushbutton_runs"].get(("long", "running")) == 1, what="one goes on")
    seen = until(lambda: (now := read(server)).get("pushbutton_runs_ended_total", {}).get(("bad", "failed")) and now,
                 what="the end is counted")  # fmt: skip
    assert seen["pushbutton_runs_ended_total"] == {("good", "succeeded"): 2, ("bad", "failed"): 1}
    assert seen["pushbutton_runs"] == {("long", "running"): 1, ("long", "waiting"): 2}
    assert seen["pushbutton_queue_runs"] == {(): 2}
    assert seen["pushbutton_queue_oldest_seconds"][()] > 0
    assert seen["pushbutton_supervisors"] == {(): 1}
    assert seen["pushbutton_tasks"] == {("ready",): 3, ("broken",): 1, ("paused",): 0}
    assert seen["pushbutton_workers"][("ready",)] == 1
    assert seen["pushbutton_run_duration_seconds_count"] == {("good",): 2, ("bad",): 1}
    buckets = seen["pushbutton_run_duration_seconds_bucket"]
    assert buckets["good", "+Inf"] == 2
    assert buckets["good", "86400.0"] == 2
    assert 0 < seen["pushbutton_disk_free_bytes"][()] <= seen["pushbutton_disk_size_bytes"][()]
    assert seen["pushbutton_store_up"] == {(): 1}
    assert "process_resident_memory_bytes" in seen


def test_every_name_that_the_reference_has_is_there_and_no_other(world):
    answer = httpx.get(f"{world.server.url}/metrics", headers=WORKS).text
    there = {family.name for family in text_string_to_metric_families(answer)}
    ours = {family.name.removesuffix("_total") for family in FAMILIES}
    assert {name for name in there if name.startswith("pushbutton_")} == ours
    assert all(name.startswith(("pushbutton_", "process_")) for name in there)


@pytest.mark.parametrize("given", ["", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer pbt_" + "0" * 42, "Bearer ä"])
def test_no_other_token_reads_the_metrics(world, given):
    answer = httpx.get(f"{world.server.url}/metrics", headers={"authorization": given.encode()} if given else {})
    assert answer.status_code == 401
    assert "pushbutton_" not in answer.text


def test_probes_need_no_sign_in_and_tell_nothing_else(tmp_path):
    script(tmp_path, "good", "true")
    put(tmp_path / ".pushbutton", *ada())
    with Served(tmp_path) as server:
        for path in ("/livez", "/readyz"):
            answer = httpx.get(server.url + path)
            assert (answer.status_code, answer.text) == (200, "ok\n")
        assert httpx.get(f"{server.url}/metrics").status_code == 404, "without a token there are none"


def test_a_health_check_without_a_host_is_answered_as_others(world):
    with contextlib.closing(socket.create_connection(("127.0.0.1", world.server.port))) as plain:
        plain.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
        assert plain.recv(4096).startswith(b"HTTP/1.1 200")


async def test_a_server_that_ends_or_whose_store_is_away_is_not_ready(tmp_path, monkeypatch):
    script(tmp_path, "good", "true")
    async with Pushbutton(tmp_path, metrics_token=TOKEN) as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            core = await app.open()

            async def away(*_: object, **__: object) -> int:
                raise StoreBusy

            with monkeypatch.context() as changed:
                changed.setattr(type(core.store), "last_event", away)
                changed.setattr(type(core.store), "backlog", away)
                answer = await client.get("/readyz")
                assert (answer.status_code, answer.text) == (503, "store\n")
                text = (await client.get("/metrics", headers=WORKS)).text
                assert "pushbutton_store_up 0.0" in text
                assert "pushbutton_runs{" not in text
            app.end_streams()
            answer = await client.get("/readyz")
            assert (answer.status_code, answer.text) == (503, "stopping\n")
            assert (await client.get("/livez")).status_code == 200
