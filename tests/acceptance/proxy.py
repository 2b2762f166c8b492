"""Real proxies as child processes, with the configurations that docs/howto/behind-a-proxy.md tells people to use."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .certificate import certificate
from .serving import until

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "behind-a-proxy.md"
NAME = "buttons.example"
_BLOCK = re.compile(r"^```(nginx|caddyfile)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str, page: Path = PAGE) -> list[str]:
    """The whole configurations on the page, in its order: at the root, then below /buttons."""
    whole = {"nginx": ("server {", "upstream "), "caddyfile": (f"{NAME} {{",)}[language]
    return [text for kind, text in _BLOCK.findall(page.read_text()) if kind == language and text.startswith(whole)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def replaced(text: str, changes: dict[str, str]) -> str:
    """With what is only so on the page as it is here. What is not there is a fault of the page."""
    for old, new in changes.items():
        assert old in text, f"{old!r} does not stand in the configuration any more"
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def nginx(folder: Path, text: str, *upstream: int) -> Iterator[int]:
    """An nginx with the blocks of a page, in front of these ports; its own port."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not program:
        pytest.skip("nginx is not here, so nothing was tried behind it: install the package nginx-light.")
    cert, key = certificate(folder, NAME)
    port = free_port()
    server = replaced(
        text,
        {
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            **{f"127.0.0.1:{there}": f"127.0.0.1:{here}" for there, here in zip((8080, 8081), upstream, strict=False)},
            "/etc/ssl/buttons.pem": str(cert),
            "/etc/ssl/buttons.key": str(key),
        },
    )
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in _TEMPORARY)
    head = "user root;\n" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        f"{head}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{places}{server}}}\n"
    )
    with _running([program, "-p", str(folder), "-c", str(config)], folder, port):
        yield port


_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextlib.contextmanager
def caddy(folder: Path, text: str, upstream: int) -> Iterator[int]:
    """A Caddy with a site of the page, and certificates of its own making; its own port."""
    program = shutil.which("caddy")
    if not program:
        pytest.skip("Caddy is not here, so nothing was tried behind it: install the package caddy.")
    port = free_port()
    config = folder / "Caddyfile"
    config.write_text(
        f"{{\nadmin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects\ndefault_bind 127.0.0.1\n"
        f"https_port {port}\nhttp_port {free_port()}\nstorage file_system {folder}/storage\n}}\n"
        + replaced(text, {"127.0.0.1:8080": f"127.0.0.1:{upstream}"})
    )
    words = [program, "run", "--config", str(config), "--adapter", "caddyfile"]
    with _running(words, folder, port):
        yield port


@contextlib.contextmanager
def _running(words: list[str], folder: Path, port: int) -> Iterator[None]:
    """As a child in its own folder, until it answers; it ends with the block."""
    log = folder / "log"
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("wb") as file:
        process = subprocess.Popen(words, cwd=folder, stdout=file, stderr=file, env={**os.environ, **homes})
    try:
        until(lambda: process.poll() is not None or _answers(port), what=f"{words[0]} on port {port}")
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    """With the certificate of its name: Caddy listens before it has made one."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        trusting.wrap_socket(plain, server_hostname=NAME),
    ):
        return True
    return False
