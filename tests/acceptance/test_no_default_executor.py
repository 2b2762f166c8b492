"""The executor that every event loop has is used by nothing, libraries included: whoever hangs there would hold up
everybody. A whole application runs with one that takes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.oidc.wire import Wire
from pushbutton.app import Pushbutton
from pushbutton.domain.actor import LOCAL
from pushbutton.domain.run import RunState
from pushbutton.errors import SignInFailed
from pushbutton.runtime import audit
from pushbutton.services import pruner

from .worlds import script

SECONDS = 30.0


class Nobodys(ThreadPoolExecutor):
    """Remembers what was asked of it, and does nothing."""

    def __init__(self) -> None:
        super().__init__(1)
        self.asked: list[str] = []

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked.append(repr(work))
        raise RuntimeError("nobody does this")


@pytest.fixture
async def nobodys() -> Nobodys:
    """Of the loop that the test runs in."""
    executor = Nobodys()
    asyncio.get_running_loop().set_default_executor(executor)
    return executor


@contextlib.asynccontextmanager
async def hearing(answer: str) -> AsyncIterator[tuple[int, asyncio.Queue[str]]]:
    """A port of this machine, and the heads of the requests that came to it."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            heard.put_nowait((await reader.readuntil(b"\r\n\r\n")).decode())
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(answer)}\r\nconnection: close\r\n\r\n"
            writer.write((head + answer).encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


async def test_an_application_that_does_everything_asks_nothing_of_it(tmp_path: Path, nobodys: Nobodys):
    script(tmp_path, "job.sh", "echo done")
    async with hearing("") as (port, heard):
        hook, allow = f"http://localhost:{port}/hook", "127.0.0.0/8, ::1"
        async with Pushbutton(tmp_path, data=str(tmp_path / "data"), webhook=hook, webhook_allow=allow) as app:
            core = await app.open()
            assert (await (await app.press("job")).finished()).state is RunState.SUCCEEDED
            async with asyncio.timeout(SECONDS):
                assert f"host: localhost:{port}" in (await heard.get()).lower()
            assert (await audit.verify(core, LOCAL)).fault is None
            await audit.holding(core.store.audit, "a secret that stands nowhere")
            await pruner.prune(core, 1)
    assert nobodys.asked == []


async def test_a_provider_is_resolved_and_asked_without_it_under_its_own_name(nobodys: Nobodys, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    wire = Wire(SECONDS)
    async with hearing('{"issuer": "here"}') as (port, heard):
        assert await wire.get(f"http://localhost:{port}/about") == {"issuer": "here"}
        assert f"host: localhost:{port}" in (await heard.get()).lower()
        with pytest.raises(SignInFailed) as failed:
            await wire.get("http://nobody.invalid/about")
    await wire.close()
    assert "http://nobody.invalid/about cannot be asked: ConnectError" in failed.value.reason
    assert nobodys.asked == []
