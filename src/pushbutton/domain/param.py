"""A param: one typed input of a task. Declared once; form, API schema and command-line options are renderings of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pushbutton.describe.title import title_of

from .event import Json


class ParamType(StrEnum):
    """The type of a value, and its canonical JSON form (what is stored, shown and handed to the job)."""

    STR = "str"  # string
    INT = "int"  # number without fraction
    FLOAT = "float"  # number
    BOOL = "bool"  # true, false
    DATE = "date"  # "2026-11-23"
    TIME = "time"  # "09:42" or "09:42:07"
    DATETIME = "datetime"  # "2026-11-23T09:42:07", with an offset if one was given
    CHOICE = "choice"  # one of `choices`, its value
    CHOICES = "choices"  # list of them, in the order declared
    LIST = "list"  # list of values that are typed in, each of the type `of`: text, or numbers
    FILE = "file"  # an upload: the name of a stored file, see `Upload`
    SECRET = "secret"  # string that is never stored, shown or logged


@dataclass(frozen=True, slots=True)
class Choice:
    value: str | int | float | bool
    label: str = ""  # shown in place of the value
    help: str = ""


@dataclass(frozen=True, slots=True)
class Param:
    name: str  # an identifier: the Python argument, the option `--name`, the form field behind a prefix
    type: ParamType
    label: str = ""  # shown; where it is empty, made from the name
    help: str = ""
    required: bool = True
    default: Json = None  # canonical form; None: no default
    nullable: bool = False  # it has a default, and None is allowed besides: what a cleared field means
    choices: tuple[Choice, ...] = ()
    choices_from: tuple[str, ...] = ()  # the program that prints `choices` when they are needed; see `Catalog.offered`
    min: float | str | None = None  # number, or canonical date/time; of a list, of each value
    max: float | str | None = None
    min_length: int | None = None  # characters (str), bytes (file), items (choices, list)
    max_length: int | None = None
    pattern: str = ""  # the whole value must match (Python `re`, fullmatch)
    pattern_text: str = ""  # one sentence: what is asked for, where the pattern does not match
    example: str = ""  # shown in the empty field; never a value
    multiline: bool = False
    of: ParamType = ParamType.STR  # of a list: what each of its values is (str, int or float)
    controls: bool = (
        False  # on one line, too, control characters and those that turn the direction of writing are taken
    )
    dash: bool = False  # a value that begins with "-" is allowed
    when: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    """Asked only while each of these params has one of these values; otherwise it has no value, whatever is sent."""

    @property
    def may_be_none(self) -> bool:
        """Whether it can be left empty, and is None then."""
        return not self.required and (self.nullable or self.default is None)

    @property
    def title(self) -> str:
        return self.label or title_of(self.name)


Inputs = Mapping[str, Json]
"""Canonical values by param name; every declared param that has a value is there, and nothing else."""
