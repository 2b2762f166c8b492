"""`./dev fleet`: PostgreSQL, two web nodes behind nginx and three workers on this machine, with the tasks of the tour.

Kill a web node, and nobody who watches misses anything; kill a worker, and pages say since when there is no contact.
Ctrl+C ends all of it, and nothing is left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.postgres import Postgres  # noqa: E402

from pushbutton.cli.contents import module_of  # noqa: E402

TOUR = ROOT / "examples" / "tour"
WORKERS = {"depot-1": "", "depot-2": "site-b", "gpu-1": "gpu,site-b"}
"""By name, with its tags."""
WORKS = ("worker",) if module_of("worker") else ("serve", "--port", "0")
"""Without pages where this version can do that."""
PATIENCE = 60.0
NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
events {{}}
http {{
    access_log off; {places}
    upstream buttons {{
        server 127.0.0.1:{one} max_fails=1 fail_timeout=2s;
        server 127.0.0.1:{two} max_fails=1 fail_timeout=2s;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 600m;
        location / {{
            proxy_pass http://buttons;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host "";
            proxy_set_header X-Forwarded-Prefix "";
        }}
    }}
}}
"""


@contextlib.contextmanager
def running(name: str, *words: str | Path, ready: str = "", env: Mapping[str, str] | None = None) -> Iterator[int]:
    """A child, once it has said that it is ready; its process id. It ends with the block."""
    log = subprocess.PIPE if ready else subprocess.DEVNULL
    child = subprocess.Popen(list(map(str, words)), stdout=log, text=True, env={**os.environ, **(env or {})}, cwd=ROOT,
                             start_new_session=True)  # fmt: skip
    try:
        said = iter(child.stdout) if child.stdout else iter(())
        if ready and not any(ready in line for line in said):
            sys.exit(f"{name} did not come up; what it said stands above.")
        threading.Thread(target=lambda: list(said), daemon=True).start()  # so that its pipe is never full
        yield child.pid
    finally:
        child.send_signal(signal.SIGINT if name in WORKERS else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
        child.kill()
        child.wait()


def nginx(folder: Path, port: int) -> list[str | Path]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not program:
        sys.exit("nginx is not here. On Debian: sudo apt-get install nginx-light")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, places=places, user=user, port=port, one=port + 1, two=port + 2))
    return [program, "-p", folder, "-c", config]


def stop_runs(url: str) -> None:
    """Jobs outlive their workers: what goes on is stopped before its folders go."""
    with contextlib.suppress(OSError):
        for state in ("waiting", "held", "running", "asking"):
            with urllib.request.urlopen(f"{url}/api/runs?limit=500&state={state}", timeout=10) as answer:
                found = json.load(answer)
            for run in found:
                asked = urllib.request.Request(f"{url}/api/runs/{run['number']}/cancel", b"", method="POST")
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(asked, timeout=10).close()
        with urllib.request.urlopen(f"{url}/api/runs?limit=500&state=running,asking", timeout=10) as answer:
            numbers = [run["number"] for run in json.load(answer)]
        for number in numbers:
            with urllib.request.urlopen(f"{url}/api/runs/{number}/events", timeout=PATIENCE) as events:
                events.read()  # it ends with the run


def answering(port: int) -> None:
    """Waits until somebody listens there."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > end:
                sys.exit(f"nginx does not listen on port {port}.")
            time.sleep(0.05)
        else:
            return


def main() -> None:
    known = argparse.ArgumentParser(prog="./dev fleet", allow_abbrev=False)
    known.add_argument("--port", type=int, default=8080, help="of nginx; the web nodes have the next two")
    port = known.parse_args().port
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    pushbutton = (sys.executable, "-m", "pushbutton")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-")))
        database = stack.enter_context(Postgres(durable=True))
        env = {"PUSHBUTTON_STORE": database.over_tcp(database.database())}
        key = folder / "web-1" / "server.key"  # of the first one, which makes it
        for number in (1, 2):
            name = f"web-{number}"
            words: list[str | Path] = [
                "serve",
                TOUR,
                "--port",
                str(port + number),
                "--at-once",
                "0",
                "--trust-proxy",
                "127.0.0.1",
            ]
            words += ["--data", folder / name, "--name", name]
            words += ["--key-file", key] if key.exists() else []
            pid = stack.enter_context(running(name, *pushbutton, *words, ready="http://", env=env))
            print(f"{name:8}  process {pid}, http://127.0.0.1:{port + number}", flush=True)
        for name, tags in WORKERS.items():
            words = [*WORKS, TOUR, "--data", folder / name, "--name", name, "--key-file", key]
            words += ["--at-once", "4", "--tags", tags]
            pid = stack.enter_context(running(name, *pushbutton, *words, ready="Data: ", env=env))
            print(f"{name:8}  process {pid}" + (f", with {tags}" if tags else ""), flush=True)
        stack.enter_context(running("nginx", *nginx(folder, port)))
        answering(port)
        print(f"\nThe fleet is on http://127.0.0.1:{port}. Ctrl+C ends all of it.", flush=True)
        stack.callback(stop_runs, f"http://127.0.0.1:{port + 1}")
        signal.pause()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nEnded.")
