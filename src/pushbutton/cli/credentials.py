"""The tokens that `pushbutton login` got, by server: `~/.config/pushbutton/credentials`, readable by their owner alone.

A token is sent to the server that it is kept for, and to no other: scheme, host, port and path are all part of the key.
`PUSHBUTTON_API_TOKEN` counts before the file, for machines that nobody logs in at.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx

from pushbutton.domain.token import is_personal
from pushbutton.errors import BadInput, ConfigError

__all__ = ["VARIABLE", "forget", "keep", "kept", "key", "path", "token_for"]

VARIABLE = "PUSHBUTTON_API_TOKEN"
"""Not `PUSHBUTTON_TOKEN`, which a job finds: that one is for its own run only."""
_OTHERS = 0o077


def path() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "pushbutton" / "credentials"


def key(url: str) -> str:
    """A server's address in the one form in which it is kept. Raises `BadInput`."""
    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise BadInput(f"“{url}” is no address of a server: {error}.") from None
    if found.scheme not in {"http", "https"} or not found.host:
        raise BadInput(f"“{url}” is no address of a server: write it like https://buttons.example.org.")
    port = found.port or {"http": 80, "https": 443}[found.scheme]
    host = f"[{found.host}]" if ":" in found.host else found.host
    return f"{found.scheme}://{host.lower()}:{port}{found.path.rstrip('/')}"


def token_for(url: str) -> str:
    """The token to send there; "" for none. Raises `BadInput`, `ConfigError`."""
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        return kept().get(key(url), "")
    if not is_personal(given):
        raise BadInput(f"{VARIABLE} holds no token: it begins with “pbt_” and is 46 characters long. Is it cut off?")
    return given


def kept() -> Mapping[str, str]:
    """Tokens by server. Raises `ConfigError` for a file that others may read, or that is no such file."""
    file = path()
    try:
        mode = file.stat().st_mode
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the tokens cannot be read ({error}).", file=str(file)) from None
    if mode & _OTHERS:
        raise ConfigError(f"others can read the tokens in it; run: chmod 600 {file}", file=str(file))
    try:
        found = json.loads(text)
        return {str(server): str(entry["token"]) for server, entry in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError("this is no file of tokens; remove it and log in again.", file=str(file)) from None


def keep(url: str, token: str) -> Path:
    """In the place of an earlier one for the same server."""
    return _write({**kept(), key(url): token})


def forget(url: str) -> None:
    _write({server: token for server, token in kept().items() if server != key(url)})


def _write(tokens: Mapping[str, str]) -> Path:
    """All or nothing: a reader meanwhile sees the old file or the new one."""
    file = path()
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd, name = tempfile.mkstemp(dir=file.parent, prefix=".credentials-")  # made for its owner alone
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as made:
                json.dump({server: {"token": token} for server, token in tokens.items()}, made, indent=2)
                made.write("\n")
                made.flush()
                os.fsync(made.fileno())
            Path(name).replace(file)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise ConfigError(f"the token cannot be kept here ({error.strerror or error}).", file=str(file)) from None
    return file
