"""A real browser for tests of what moves on a page, and a wire to the server that can be watched and cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
FRAME = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "PreloadTopChromeWebUI",
    "SpareRendererForSitePerProcess",
)
"""What Chromium builds around a page, as pages of its own that nobody sees: most of what each new context costs."""
QUIET = (
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)  # fmt: skip
"""What Playwright leaves out by itself; said again, since Chromium takes the last of two such lists."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    f"--disable-features={','.join((*QUIET, *FRAME))}",
]
BREACHES = (
    "addEventListener('securitypolicyviolation', e => console.error(`CSP ${e.violatedDirective} ${e.blockedURI}`))"
)
UNREACHABLE = re.compile(r"net::ERR_(CONNECTION|CONTENT_LENGTH|EMPTY|INCOMPLETE)\w*|503 \(")


class _Shared:
    """What all files of this process share: each start would take a second of the processor.

    Playwright has this thread believe that a loop runs, also between its calls; that is undone for files without it.
    """

    def __init__(self) -> None:
        self._playwright = sync_playwright().start()
        self._loop = asyncio.get_running_loop()
        self._browser: Browser | None = None
        asyncio._set_running_loop(None)

    @contextlib.contextmanager
    def used(self) -> Iterator[Self]:
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self._loop)
        try:
            yield self
        finally:
            asyncio._set_running_loop(before)

    def launch(self, *flags: str) -> Browser:
        return self._playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])

    def browser(self) -> Browser:
        if self._browser is None or not self._browser.is_connected():
            self._browser = self.launch()
        return self._browser

    def end(self) -> None:
        with self.used():
            if self._browser is not None:
                self._browser.close()
            self._playwright.stop()


_started: list[_Shared] = []


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """With flags one of its own; its contexts are closed at the end."""
    if not _started:
        _started.append(_Shared())
    with _started[0].used() as shared:
        browser = shared.launch(*flags) if flags else shared.browser()
        others = browser.contexts
        try:
            yield browser
        finally:
            for context in browser.contexts:
                if context not in others:
                    context.close()
            if flags:
                browser.close()


def end() -> None:
    """What was started for all files of this process."""
    while _started:
        _started.pop().end()


class Reader:
    """One browser of one person: pages of it share their cookies and the hub.

    Leaving fails when a page complained: a script error, a console error, a breach of the content security policy.
    """

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        init: str = "",
        unreachable: bool = False,
        size: ViewportSize | None = None,
    ) -> None:
        wide: ViewportSize = {"width": 1280, "height": 900}
        self.context = browser.new_context(viewport=size or wide, locale="en-GB", timezone_id="UTC")
        self.context.add_init_script(BREACHES + ";" + init)
        self.url = url
        self.complaints: list[str] = []
        self.refused: re.Pattern[str] | None = None  # answers that say no are part of the test
        self.expected: list[str] = []  # those that were heard
        self._unreachable = unreachable  # a server that is away is part of the test

    def open(self, path: str) -> Page:
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{error.message}\n{error.stack}"))
        page.goto(self.url + path)
        return page

    def tour(self, *paths: str) -> Iterator[tuple[str, Page]]:
        """One after the other in the same tab, which costs half of a tab for each."""
        page = self.open(paths[0])
        yield paths[0], page
        for path in paths[1:]:
            page.goto(self.url + path)
            yield path, page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "error" or (self._unreachable and UNREACHABLE.search(message.text)):
            return
        if self.refused and self.refused.search(message.text):
            self.expected.append(message.text)
            return
        self.complaints.append(f"{message.text} {message.location}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        assert kind or self.complaints == [], self.complaints


class Wire:
    """A port of its own whose connections are passed on to the server's.

    `streams` counts the event streams that are open, as the network sees them; `topics` is what they ask for.
    `refusing` answers them with 503, `swap` replaces bytes of what the server says by as many others.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.refusing = False
        self.refused = 0
        self.swap: tuple[bytes, bytes] | None = None
        self._open: dict[socket.socket, bytes] = {}  # the browser's ends, each with the first line it asked last
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def streams(self) -> int:
        with self._lock:
            return sum(b" /api/events?" in line for line in self._open.values())

    @property
    def topics(self) -> set[str]:
        with self._lock:
            asked = [line.decode().split()[1] for line in self._open.values() if b" /api/events?" in line]
        return {topic for line in asked for topic in parse_qs(urlsplit(line).query)["topics"][0].split(",")}

    def cut(self) -> None:
        """Break every connection; new ones are made."""
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                end, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(end,), daemon=True).start()

    def _serve(self, end: socket.socket) -> None:
        with self._lock:
            self._open[end] = b""
        with end, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as server:
            back = threading.Thread(target=self._back, args=(server, end), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                while data := end.recv(65536):
                    line = data.partition(b"\r\n")[0]
                    if line.endswith(b" HTTP/1.1"):
                        with self._lock:
                            self._open[end] = line
                    if self.refusing and b" /api/events?" in line:
                        self.refused += 1
                        end.sendall(
                            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        )
                        break
                    server.sendall(data)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()
        with self._lock:
            self._open.pop(end, None)

    def _back(self, server: socket.socket, end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                end.sendall(data.replace(*self.swap) if self.swap else data)
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()


PUPPET = """#!/usr/bin/env python3
# /// pushbutton
# at_once = 20
# ///
# Does what it is told, a line at a time, through a pipe of its own: "status …", "out …", "end".
import os, sys
from pathlib import Path
here = Path(__file__).parent / "pipes"
here.mkdir(exist_ok=True)
name = here / os.environ["PUSHBUTTON_RUN"]
os.mkfifo(name.with_suffix(".new"))
name.with_suffix(".new").rename(name)
events = os.fdopen(int(os.environ["PUSHBUTTON_EVENTS"]), "w", buffering=1)
while True:
    with name.open() as pipe:
        for line in pipe:
            word, _, rest = line.rstrip("\\n").partition(" ")
            if word == "end":
                sys.exit(0)
            if word == "out":
                print(rest.encode().decode("unicode_escape"), flush=True)
            else:
                events.write(line)
"""


class Puppet:
    """A run that says what the test tells it to. Needs `PUPPET` as a script in the folder."""

    def __init__(self, folder: Path, number: int) -> None:
        self._pipe = folder / "pipes" / str(number)
        self.number = number

    def tell(self, *lines: str) -> None:
        """Waits until the job has taken the lines."""
        fd = os.open(self._pipe, os.O_WRONLY)
        try:
            os.write(fd, "".join(f"{line}\n" for line in lines).encode())
        finally:
            os.close(fd)

    @property
    def ready(self) -> bool:
        return self._pipe.exists()
