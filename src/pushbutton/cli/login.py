"""`pushbutton login` and `pushbutton logout`: a token for a server, kept for the other commands."""

from __future__ import annotations

import getpass
import re
import socket
import sys
from typing import Annotated, Any

import typer

from pushbutton.domain.actor import Verb
from pushbutton.domain.token import is_personal
from pushbutton.errors import BadInput, PushbuttonError, StoreError

from . import credentials
from .device_grant import ask
from .help_text import flow
from .remote import DEFAULT, Server, is_near

__all__ = ["add"]

LOGIN = """Let this machine's commands in at a server: ask for a token, and keep it.

\b
  pushbutton login https://buttons.example.org
  pushbutton login --task deploy --verb press --days 30    only what a script needs
  pushbutton login --with-token < token.txt                one that was made on a page

It shows a code and an address; whoever is signed in there says yes in the browser. The token is kept in
~/.config/pushbutton/credentials for this server alone, never printed, and sent nowhere else. Where nobody can answer,
set PUSHBUTTON_API_TOKEN instead: it counts before what is kept.
"""
LOGOUT = """Revoke the token that is kept for a server, and forget it.

\b
  pushbutton logout https://buttons.example.org
"""

Where = Annotated[
    str,
    typer.Argument(metavar="[URL]", envvar="PUSHBUTTON_SERVER", help="where the server is", show_default=DEFAULT),
]
_ODD = re.compile(r"[^\w .@+-]+")


def add(app: typer.Typer, panel: str) -> None:
    app.command("login", help=flow(LOGIN), rich_help_panel=panel)(_login)
    app.command("logout", help=flow(LOGOUT), rich_help_panel=panel)(_logout)


def _login(
    url: Where = DEFAULT,
    name: Annotated[str, typer.Option(help="what the token is called; default: you@this-machine")] = "",
    verb: Annotated[
        list[str] | None,
        typer.Option(help="what it may do besides looking: output, press, stop, approve, secrets, administer"),
    ] = None,
    task: Annotated[list[str] | None, typer.Option(help="only with this task; may be given several times")] = None,
    group: Annotated[list[str] | None, typer.Option(help="only with the tasks of this group")] = None,
    days: Annotated[int, typer.Option(help="how long it lasts", min=1)] = 90,
    never: Annotated[bool, typer.Option("--never", help="it lasts until it is revoked")] = False,
    with_token: Annotated[
        bool, typer.Option("--with-token", help="read a token from standard input, or ask for it unseen")
    ] = False,
) -> None:
    server = credentials.key(url)
    if with_token:
        token = _typed()
        with Server(url, token=token) as remote:
            remote.get("/api/tasks")  # it counts there
    else:
        wish: dict[str, Any] = {
            "name": name or _default_name(),
            "verbs": _verbs(verb),
            "where": [*(f"task:{one}" for one in task or ()), *(f"group:{one}" for one in group or ())] or ["*"],
            "days": None if never else days,
        }
        with Server(url, token="") as remote:
            token, by = ask(remote, {"token": wish})
            if not is_personal(token):
                raise StoreError(f"{url} answered with something that is no token; nothing was kept.")
            print(f"{by} said yes.", file=sys.stderr)
    file = credentials.keep(url, token)
    print(f"Signed in at {url}; the token is kept in {file}")
    if not is_near(url) and server.startswith("http://"):
        print(f"{url} is not encrypted: whoever sees the traffic sees the token.", file=sys.stderr)
    if server != credentials.key(DEFAULT):
        print(f"To use it without --server: export PUSHBUTTON_SERVER={url}")


def _logout(url: Where = DEFAULT) -> None:
    token = credentials.kept().get(credentials.key(url), "")
    if not token:
        print(f"No token is kept for {url}.")
        return
    credentials.forget(url)
    try:
        with Server(url, token=token) as remote:
            remote.delete("/api/tokens/current")
    except PushbuttonError as error:
        print(f"The token is forgotten here, but could not be revoked: {error}", file=sys.stderr)
        print(f"If it still counts, revoke it on {url.rstrip('/')}/profile/tokens", file=sys.stderr)
        return
    print(f"Signed out at {url}: the token is revoked and forgotten.")


def _typed() -> str:
    token = (getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if not is_personal(token):
        raise BadInput("This is no token: it begins with “pbt_” and is 46 characters long. Is it cut off?")
    return token


def _verbs(given: list[str] | None) -> list[str]:
    verbs = [word for one in given or ["output,press,stop"] for word in one.split(",")]
    if unknown := [word for word in verbs if word not in set(Verb)]:
        raise BadInput(f"There is no verb “{unknown[0]}”. There are: {', '.join(Verb)}.")
    return verbs


def _default_name() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = "somebody"
    return _ODD.sub("-", f"{user}@{socket.gethostname()}")[:60].strip()
