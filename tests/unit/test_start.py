"""A server that starts loads nothing that only some of what it can do needs: every start would wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SERVES = """
import asyncio, sys
from pushbutton.app import Pushbutton
from pushbutton.web import application

async def main():
    async with Pushbutton(sys.argv[1]) as app:
        application.build(await app.open(), app.settings)

asyncio.run(main())
print(*sys.modules)
"""
LATER = {
    "fastapi": "makes the document of the API",
    "pydantic": "the same",
    "httpx": "asks other systems",
    "rich": "would come with that",
    "anyio._backends": "sends files and streams",
    "authlib": "signs in with OpenID Connect",
    "ruamel": "reads YAML",
    "markdown_it": "shows help texts",
    "opentelemetry": "tells a collector of runs",
    "prometheus_client": "writes what Prometheus reads",
    "segno": "draws what a telephone reads",
}
"""Module -> what it is for."""


def loaded(*words: str | Path) -> set[str]:
    """The modules of a process that ran `SERVES`."""
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", SERVES, *words], env=env, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_server_that_starts_loads_nothing_that_is_for_later(tmp_path):
    (tmp_path / "hello.sh").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "hello.sh").chmod(0o755)
    modules = loaded(tmp_path)
    assert "pushbutton.adapters.spools" in modules
    assert modules & LATER.keys() == set()
