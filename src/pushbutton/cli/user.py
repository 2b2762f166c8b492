"""`pushbutton user`: who may sign in, and what they may do. Works on the data folder, also while a server runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pushbutton.domain.person import User
from pushbutton.domain.policy import EVERYONE, Grant
from pushbutton.runtime.clock import now
from pushbutton.runtime.people import People

from . import safe_text
from .help_text import flow
from .operator import operator
from .store import Store

__all__ = ["add"]


HELP = """Look after the people who may sign in.

\b
  pushbutton user add ada --title "Ada Lovelace"    somebody new, and a link with which she sets her password
  pushbutton user give user:ada presser             what she may do, here: press everything
  pushbutton user give group:ops admin              the same for a group
  pushbutton user list

While there is nobody, nobody has to sign in; the first one who is added administers everything. Changes count at once,
also for a server that runs on the same data.
"""

Paths = Annotated[list[str] | None, typer.Option("--tasks", help="the folders or files that the server serves")]
Data = Annotated[str | None, typer.Option("--data", help="the server's data folder; default: as for serve")]
Name = Annotated[str, typer.Argument(help="the name to sign in with")]
Url = Annotated[str, typer.Option("--url", help="where people reach the server; default: http://127.0.0.1:8080")]

_URL = "http://127.0.0.1:8080"


def add(app: typer.Typer, panel: str) -> None:
    group = typer.Typer(help=flow(HELP), no_args_is_help=True, rich_markup_mode=None)
    group.command("add", help="Somebody new; prints a link with which they set their password.")(_add)
    group.command("invite", help="A new link with which somebody sets a password.")(_invite)
    group.command("change", help="Change what is known of somebody.")(_change)
    group.command("remove", help="Remove somebody with their rights, tokens and links.")(_remove)
    group.command("give", help="Give a role or right: give user:ada presser --where task:deploy")(_give)
    group.command("take", help="Take a role or right away again.")(_take)
    group.command("list", help="Who there is, and all rights.")(_list)
    app.add_typer(group, name="user", rich_help_panel=panel)


def _add(
    name: Name,
    title: Annotated[str, typer.Option(help="the whole name")] = "",
    email: Annotated[str, typer.Option(help="the e-mail address")] = "",
    group: Annotated[list[str] | None, typer.Option(help="a group; may be given several times")] = None,
    url: Url = _URL,
    tasks: Paths = None,
    data: Data = None,
    store: Store = None,
) -> None:
    async def work(people: People) -> None:
        first = not people.directory.all.users
        user = await people.add(operator(), name, now(), title=title, email=email, groups=group or ())
        print(f"Added {user.name}." + (" The first one: administers everything." if first else ""))
        await _show_invite(people, user.name, url)

    _run(work, tasks, data, store)


def _invite(name: Name, url: Url = _URL, tasks: Paths = None, data: Data = None, store: Store = None) -> None:
    _run(lambda people: _show_invite(people, name, url), tasks, data, store)


async def _show_invite(people: People, name: str, url: str) -> None:
    secret = await people.invite(operator(), name, now())
    print(f"Give this link to {name}; it is good once, for three days:")
    print(f"  {url.rstrip('/')}/invite/{secret}")


def _change(
    name: Name,
    title: Annotated[str | None, typer.Option(help="the whole name")] = None,
    email: Annotated[str | None, typer.Option(help="the e-mail address")] = None,
    group: Annotated[list[str] | None, typer.Option(help="all groups from now on; may be given several times")] = None,
    disable: Annotated[bool, typer.Option("--disable", help="may not sign in any more")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="may sign in again")] = False,
    no_factor: Annotated[bool, typer.Option("--no-factor", help="take the second factor away")] = False,
    other_account: Annotated[
        bool, typer.Option("--other-account", help="has another account at the provider now: take the next that comes")
    ] = False,
    tasks: Paths = None,
    data: Data = None,
    store: Store = None,
) -> None:
    async def work(people: People) -> None:
        disabled = True if disable else False if enable else None
        await people.change(operator(), name, now(), title=title, email=email, groups=group, disabled=disabled)
        if no_factor:
            await people.without_factor(operator(), name, now())
        if other_account:
            await people.other_account(operator(), name, now())
        print(f"Changed {name}.")

    _run(work, tasks, data, store)


def _remove(name: Name, tasks: Paths = None, data: Data = None, store: Store = None) -> None:
    async def work(people: People) -> None:
        await people.remove(operator(), name, now())
        print(f"Removed {name}; what was done under that name stays in the history.")

    _run(work, tasks, data, store)


Who = Annotated[str, typer.Argument(help=f"user:NAME, group:NAME or {EVERYONE}")]
Gives = Annotated[
    str, typer.Argument(help="viewer, presser, approver, admin; or one of see, output, press, stop, approve, secrets")
]
Where = Annotated[str, typer.Option("--where", help="*, group:NAME (of tasks) or task:NAME")]


def _give(
    who: Who, gives: Gives, where: Where = "*", tasks: Paths = None, data: Data = None, store: Store = None
) -> None:
    async def work(people: People) -> None:
        await people.give(operator(), Grant(who, gives, where), now())
        print(f"{who} is {gives} for {'all tasks' if where == '*' else where} now.")

    _run(work, tasks, data, store)


def _take(
    who: Who, gives: Gives, where: Where = "*", tasks: Paths = None, data: Data = None, store: Store = None
) -> None:
    async def work(people: People) -> None:
        await people.take(operator(), Grant(who, gives, where), now())
        print(f"{who} is not {gives} for {'all tasks' if where == '*' else where} any more.")

    _run(work, tasks, data, store)


def _state(user: User) -> str:
    if user.disabled:
        return "may not sign in"
    if user.left:
        return "gone or locked in the directory"
    return "" if user.password or user.source != "local" else "invited"


def _list(tasks: Paths = None, data: Data = None, store: Store = None) -> None:
    async def work(people: People) -> None:
        users = people.directory.all.users
        if not users:
            print("Nobody: everybody who reaches the server may press everything.")
        table = Table("name", "whole name", "groups", "from", "", box=None, pad_edge=False)
        for user in sorted(users.values(), key=lambda user: user.name):
            said = map(safe_text.line, (user.name, user.title, ", ".join(user.groups), user.source))
            table.add_row(*said, _state(user))
        console = Console(highlight=False, markup=False)
        if users:
            console.print(table)
        for grant in people.directory.grants:
            console.print(safe_text.line(f"{grant.who} {grant.gives} {grant.where}"))

    _run(work, tasks, data, store)


def _run(
    work: Callable[[People], Awaitable[None]], tasks: list[str] | None, data: str | None, store: str | None
) -> None:
    asyncio.run(_inside(work, tuple(tasks or ["."]), data, store))


async def _inside(
    work: Callable[[People], Awaitable[None]], paths: tuple[str, ...], data: str | None, store: str | None
) -> None:
    async with _people(paths, data, store) as people:
        await work(people)


@contextlib.asynccontextmanager
async def _people(paths: tuple[str, ...], data: str | None, store: str | None) -> AsyncIterator[People]:
    from pushbutton.app import Pushbutton  # noqa: PLC0415  loads every adapter

    app = Pushbutton(*paths, data=data, store=store)
    async with app.people() as people:
        yield people
