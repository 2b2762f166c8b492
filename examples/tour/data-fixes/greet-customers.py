#!/usr/bin/env python3
"""Writes a greeting for each customer."""

from enum import StrEnum
from typing import Annotated

import typer


class Tone(StrEnum):
    warm = "warm"
    plain = "plain"


def main(
    customers: Annotated[list[str], typer.Argument(help="their names")],
    tone: Annotated[Tone, typer.Option(help="how it sounds")] = Tone.warm,
    times: Annotated[int, typer.Option(min=1, max=5, help="greetings for each")] = 1,
    sign: Annotated[bool, typer.Option(help="with the name of the shop below")] = True,
) -> None:
    for customer in customers * times:
        typer.echo(f"{'Dear' if tone is Tone.warm else 'Hello'} {customer}, thank you for your order.")
    if sign:
        typer.echo("The web shop")


typer.run(main)
