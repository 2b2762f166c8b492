"""A channel that somebody added, beside those that files declare, with what goes there by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pushbutton.sentence import say

from .actor import EVERYWHERE
from .contact import is_mail_address
from .messages import CHANNEL_NAME, MAIL, PRESSER, Channel, Occasion, Rule, is_channel_url
from .policy import Resource
from .run import Micros

MOST_ADDRESSES: Final = 50
LONGEST_NAME: Final = 60
LONGEST_ADDRESS: Final = 2000
LANGUAGES: Final = ("en", "de")
OCCASIONS: Final = tuple(one for one in Occasion if one is not Occasion.TEST)
"""What a channel can be told."""
FIELDS: Final[Mapping[str, str]] = {
    name: f"channel-{name}" for name in ("name", "address", "language", "tell", "where")
}
"""What a part of it is called where something is wrong with it."""


@dataclass(frozen=True, slots=True)
class MadeChannel:
    """Its address is kept sealed: whoever has it may write there."""

    id: str  # its name, as rules use it
    address: str = field(repr=False)  # sealed
    maker: str
    made_at: Micros
    language: str = "en"
    tell: tuple[str, ...] = ()  # occasions of which it is told
    where: str = EVERYWHERE  # of these tasks: "group:Reports", "task:deploy"
    people: bool = False  # everybody may choose it for what they are told themselves

    def opened(self, address: str) -> Channel:
        """With its address, which goes to nobody else; "": it cannot be read, and nothing can be sent there."""
        url = address if is_channel_url(address) else ""
        return Channel(
            self.id, () if url else addresses(address), url, self.language, maker=self.maker, people=self.people
        )

    def rules(self, place: Resource) -> Sequence[Rule]:
        """What it is told of a task there."""
        return self.every_rule if place.inside(self.where) else ()

    @property
    def every_rule(self) -> Sequence[Rule]:
        return tuple(Rule(Occasion(one), (self.id,)) for one in self.tell)


def addresses(text: str) -> tuple[str, ...]:
    """Of mail, as people write several: with commas, spaces or line breaks between them."""
    return tuple(filter(None, re.split(r"[\s,;]+", text)))


def unfit(made: MadeChannel, address: str) -> dict[str, str]:
    """A sentence for each part of it that cannot be, by `FIELDS`."""
    wrong: dict[str, str] = {}
    if not re.fullmatch(CHANNEL_NAME, made.id) or len(made.id) > LONGEST_NAME or made.id in (MAIL, PRESSER):
        wrong["name"] = say("Write a name of small letters, digits and “-”, such as on-call; not “mail” or “presser”.")
    if sentence := _unfit_address(address):
        wrong["address"] = sentence
    if made.language not in LANGUAGES:
        wrong["language"] = say("Choose a language that there is: en or de.")
    if any(one not in OCCASIONS for one in made.tell):
        wrong["tell"] = say("A channel can be told: {names}.", names=", ".join(OCCASIONS))
    return {FIELDS[name]: sentence for name, sentence in wrong.items()}


def _unfit_address(address: str) -> str:
    if len(address) > LONGEST_ADDRESS:
        return say("The address is too long: write at most {n} characters.", n=LONGEST_ADDRESS)
    if is_channel_url(address):
        return "" if address.isprintable() and " " not in address else say("An address is one line without spaces.")
    found = addresses(address)
    if not found or len(found) > MOST_ADDRESSES or not all(map(is_mail_address, found)):
        return say(
            "Write mail addresses, at most {n}, or an address as Apprise has it, such as ntfys://host/topic.",
            n=MOST_ADDRESSES,
        )
    return ""
