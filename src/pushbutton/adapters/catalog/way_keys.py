"""A file's keys for the way in which an input is passed in a command line: `flag`, `off`, `repeat`, `count`, `words`,
`place`, `under`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.ways import REST, By, Way, endless
from pushbutton.job import kinds

__all__ = [
    "MOST_TIMES",
    "WAY_KEYS",
    "clashes",
    "count_faults",
    "implied",
    "says_way",
    "way_faults",
    "way_of",
    "with_subcommands",
]

WAY_KEYS = ("flag", "off", "repeat", "count", "words", "place", "under")
MOST_TIMES = 9
"""Of a flag that counts, where nobody says how often it may be given."""
_OF_OPTIONS = ("flag", "off", "repeat", "count")
_SEVERAL = (ParamType.LIST, ParamType.CHOICES)
_BY = {"option": By.OPTION, "argument": By.ARGUMENT}


def _said(keys: Mapping[str, Any]) -> list[str]:
    return [key for key in WAY_KEYS if keys.get(key, False) is not False]


def says_way(keys: Mapping[str, Any]) -> bool:
    """Whether these keys say how an input is passed."""
    return "pass" in keys or bool(_said(keys))


def implied(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The type of an input by the way in which it is passed, where its file does not say it."""
    several = bool(keys.get("repeat")) or keys.get("words", 1) != 1 or keys.get("place") == "rest"
    found: dict[str, Any] = {}
    if keys.get("count") and keys.get("type", "int") == "int":
        found = {"type": "int", "default": 0, "min": 0, "max": MOST_TIMES}
    elif "off" in keys and keys.get("type", "bool") == "bool":
        found = {"type": "bool", **({} if "flag" in keys else {"default": True})}  # it happens unless it is turned off
    elif several:
        found = {"type": "choices" if "choices" in keys or "choices_from" in keys else "list"}
    number = keys.get("words", 1)
    if number != 1 and keys.get("type", found.get("type")) == "list":
        least = 1 if number == "+" else number if number != "*" else None
        found |= {"min_length": least} if least else {}
        found |= {"max_length": number} if isinstance(number, int) else {}
    return {key: value for key, value in found.items() if key not in keys}


def way_of(keys: Mapping[str, Any]) -> Way | None:
    """None: nothing is said of it but, perhaps, `pass`."""
    said = _said(keys)
    if not said:
        return None
    place = keys.get("place", 0)
    words = keys.get("words", 1)
    option = any(key in said for key in _OF_OPTIONS) or (keys.get("pass") == "option")
    flag = keys.get("flag", "")
    under = keys.get("under", ())
    return Way(
        By.OPTION if option else By.ARGUMENT,
        flag,
        off=keys.get("off", ""),
        repeat=bool(keys.get("repeat")),
        count=bool(keys.get("count")),
        words=words != 1 or place == "rest",
        split=option and "words" in said and words == 1,
        place=REST if place == "rest" else place,
        under=next(iter(under), ""),
        also=tuple(under[1:]),
        usual=0 if keys.get("count") else True if "off" in said and not flag else None,
    )


def way_faults(name: str, keys: Mapping[str, Any], kind: ParamType, *, standing: bool) -> Iterator[tuple[str, str]]:
    """(the key, a sentence) of what cannot be together, the first first. `standing`: a command has it as an item."""
    said = _said(keys)
    option = next((key for key in said if key in _OF_OPTIONS), "")
    rest = keys.get("place") == "rest"
    if not said:
        return
    if kind is ParamType.SECRET:
        yield said[0], f"“{name}” is a secret, so it can only be passed by “env”."
        return
    yield from _against_pass(name, keys, said)
    if "place" in said and option:
        yield "place", f"“{option}” makes “{name}” an option, and “place” an operand: leave one of the two out."
    apart = [key for key in ("off", "count", "repeat", "words") if key in said] + ["place"] * rest
    if len(apart) > 1:
        yield apart[1], f"“{apart[0]}” and “{apart[1]}” of “{name}” cannot be together: leave one of the two out."
        return
    yield from _against_kind(name, keys, kind, said)
    if keys.get("flag", "").endswith("=") and (key := next((key for key in apart if key != "repeat"), "")):
        yield key, f"“flag” of “{name}” ends with “=”, so that its value follows at once: leave “{key}” out."
    if "off" in said and keys["off"] == keys.get("flag"):
        yield "off", f"“flag” and “off” of “{name}” are the same, so nobody could say no."
    if not option and "place" not in said and "pass" not in keys and not standing:
        yield said[0], f"“{said[0]}” does not say how “{name}” is passed: add “flag” or “place”."


def _against_pass(name: str, keys: Mapping[str, Any], said: Sequence[str]) -> Iterator[tuple[str, str]]:
    against = {"env": WAY_KEYS, "option": ("place",), "argument": _OF_OPTIONS}.get(keys.get("pass", ""), ())
    if key := next((key for key in said if key in against), ""):
        yield key, f"“pass” of “{name}” is “{keys['pass']}”, and “{key}” says otherwise: leave one of the two out."


def _against_kind(
    name: str, keys: Mapping[str, Any], kind: ParamType, said: Sequence[str]
) -> Iterator[tuple[str, str]]:
    number = keys.get("words", 1)
    if "off" in said and kind is not ParamType.BOOL:
        yield "off", f"“off” of “{name}” is a flag that says no, and its type is {kind}: make it bool."
    if "count" in said and kind is not ParamType.INT:
        yield "count", f"“count” of “{name}” is a number of times, and its type is {kind}: make it int."
    elif "count" in said:
        yield from count_faults(name, keys)
    for key, several in (("repeat", True), ("words", number != 1), ("place", keys.get("place") == "rest")):
        if key in said and several and kind not in _SEVERAL:
            yield key, f"“{key}” of “{name}” passes several values, and its type is {kind}: make it list or choices."
    if kind is ParamType.BOOL and "words" in said and number == 1:
        yield "words", f"“{name}” is a bool, whose flag takes no value: leave “words” out."
    if kind is ParamType.BOOL and keys.get("flag", "").endswith("="):
        yield "flag", f"“{name}” is a bool, whose flag takes no value: write it without “=”."
    if kind is ParamType.CHOICES and isinstance(number, int) and number > 1:
        yield "words", f"“words” of “{name}” can be “+” or “*”: several choices have no order of their own."


def count_faults(name: str, keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The mistakes in how many times a flag may be given."""
    for key in ("min", "max"):
        if isinstance(bound := keys.get(key), int | float) and not 0 <= bound <= kinds.MOST_WORDS:
            yield key, f"“{name}” is how many times its flag is given: from 0 to {kinds.MOST_WORDS}."


def with_subcommands(
    params: Sequence[Param], passing: Mapping[str, str | Way], commands: Collection[str], command: str
) -> tuple[list[Param], dict[str, str | Way], list[tuple[str, str]]]:
    """With what is `under` a subcommand asked for and passed only there, and the input that chooses among them passed
    as one; and of what cannot be, (the input, a sentence). `commands`: those that are tasks of their own; `command`:
    which one this task is.
    """
    wanted = {name: way for name, way in passing.items() if isinstance(way, Way) and way.under}
    below: dict[str, Mapping[str, Sequence[Any]]] = {}  # when it is asked
    kept, wrong = dict(passing), []
    gone = set()
    for name, own in wanted.items():
        for under in (own.under, *own.also):
            found = ((one.name, _chosen(one, passing.get(one.name), under)) for one in params)
            chooser, values = next(((one, values) for one, values in found if values), ("", []))
            if chooser:
                already = below.get(name, {}).get(chooser, [])
                below[name] = {chooser: [*already, *(value for value in values if value not in already)]}
                way = passing[chooser]
                kept[chooser] = way if isinstance(way, Way) and way.by is By.COMMAND else Way(By.COMMAND)
            elif not any(_is_under(one, under) for one in (*commands, command)):
                sentence = f"There is no subcommand “{under}”: an input with “place” must have it among its choices."
                wrong.append((name, sentence))
        if name not in below and not any(_is_under(command, under) for under in (own.under, *own.also)):
            gone.add(name)  # it belongs to another task of the same script
    made = [
        replace(one, when={**below[one.name], **one.when}) if one.name in below else one
        for one in params
        if one.name not in gone
    ]
    choosers = {name for when in below.values() for name in when}
    wrong += _behind_chooser(made, passing, choosers)
    offered = (str(choice.value) for one in params if one.name in choosers for choice in one.choices)
    wrong += _endless(made, passing, {*offered, *commands, command})
    return made, {name: way for name, way in kept.items() if name not in gone}, wrong


def _behind_chooser(
    params: Sequence[Param], passing: Mapping[str, str | Way], choosers: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Operands of the script itself that come behind its subcommand."""
    ways = [(one.name, way) for one in params if isinstance(way := passing.get(one.name), Way)]
    operands = [(way.place or REST - 1, name) for name, way in ways if way.by is By.ARGUMENT and not way.under]
    seen = ""
    for _, name in sorted(operands, key=lambda one: one[0]):
        if seen and name not in choosers:
            yield name, f"“{name}” comes behind the subcommand “{seen}”: say under which one it belongs."
        seen = seen or (name if name in choosers else "")


def _endless(
    params: Sequence[Param], passing: Mapping[str, str | Way], commands: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Options that would take a subcommand for one of their words."""
    for param in params:
        way = passing.get(param.name)
        if not isinstance(way, Way) or way.by is not By.OPTION or not endless(param, way):
            continue
        above = (way.under, *way.also)
        behind = next(
            (one for one in commands if any(one != up and (not up or _is_under(one, up)) for up in above)), ""
        )
        if behind:
            sentence = f"“{param.name}” takes as many words as follow, and the subcommand “{behind}” would be one: "
            yield param.name, f"{sentence}give “words” a number, or say “repeat”."


def _chosen(param: Param, way: str | Way | None, under: str) -> list[Any]:
    """The choices by which a subcommand is called; none: the input is not what chooses it."""
    if not isinstance(way, Way) or way.under or param.type is not ParamType.CHOICE:
        return []
    if way.by is not By.COMMAND and not (way.by is By.ARGUMENT and way.place):
        return []
    values = [choice.value for choice in param.choices]
    return [value for value in values if _is_under(way.flags.get(str(value), str(value)), under)]


def _is_under(command: str, under: str) -> bool:
    return f"{command} ".startswith(f"{under} ")


def clashes(params: Sequence[Param], passing: Mapping[str, str | Way]) -> Iterator[tuple[str, str, str]]:
    """(the input, its key, a sentence) for each that would take the place or the option of another."""
    taken: dict[tuple[str, str], str] = {}
    for param in params:
        way = passing.get(param.name)
        if not isinstance(way, Way):
            continue
        held = [("flag", way.flag), ("off", way.off), ("place", str(way.place) if way.place else "")]
        for key, value in held:
            if not value:
                continue
            shown = "operands that follow" if value == str(REST) else f"operand {value}" if key == "place" else value
            places = [(under, shown) for under in (way.under, *way.also)]
            if other := next((taken[place] for place in places if place in taken), ""):
                yield param.name, key, f"“{other}” and “{param.name}” would both be {_quoted(key, shown)}: change one."
            elif not param.when:  # of two that are never asked together
                taken |= dict.fromkeys(places, param.name)


def _quoted(key: str, shown: str) -> str:
    return f"the {shown}" if key == "place" else f"“{shown}”"
