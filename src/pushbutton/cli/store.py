"""The option that names the database of a server, for the commands that read or change it."""

from __future__ import annotations

from typing import Annotated

import typer

from pushbutton import config
from pushbutton.errors import ConfigError

__all__ = ["Store", "without_password"]


def without_password(address: str | None) -> str | None:
    """Raises `ConfigError`."""
    if address and config.has_password(address):
        raise ConfigError(
            "everybody on this machine can read a program's arguments, so the password does not belong there: put the "
            "address into PUSHBUTTON_STORE or into a file that PUSHBUTTON_STORE_FILE names, or the password alone into "
            "~/.pgpass.",
            file="--store",
        )
    return address


Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="ADDRESS",
        help="the server's database, where it is not in the data folder (PUSHBUTTON_STORE)",
        show_default=False,
        callback=without_password,
    ),
]
