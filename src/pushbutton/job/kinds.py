"""The kinds of values that an option can have: how one is read, whatever it stands in, and its JSON Schema.

`read` takes what a reader of Python, YAML or TOML gave, and gives plain JSON (tuples are lists there). It raises
`Unfit` with the end of the sentence “NAME must be …”.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

__all__ = ["Kind", "Unfit", "Written", "is_variable", "nearest", "one_of", "text_of"]

EXPIRES = 24.0
"""Hours in which an approval has to be given, where the task does not say."""
MOST = 20
"""Of approvers that a task may ask for, and of locks that a run of it takes."""
LONGEST = 24.0 * 366
"""Hours that a run may wait."""

MOST_WORDS = 100
"""Of one input, and operands of a command line."""

_UNITS = {"": 1, "s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_SIZES = {"": 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_DURATION = r"[0-9]+(\.[0-9]+)? ?(s|sec|min|m|h|d)?"
_DURATION_WITH_UNIT = r"^[0-9]+(\.[0-9]+)? ?(s|sec|min|m|h|d)$"
_SIZE = r"[0-9]+ ?(B|kB|KB|MB|GB|KiB|MiB|GiB)?"
VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*$"
LOCK = "^[A-Za-z0-9][A-Za-z0-9._-]*$"
TAG = "^[a-z0-9][a-z0-9._-]*$"
_LONGEST_NAME = 200
_LONGEST_TAG = 63


class Unfit(Exception):
    """A value that its option cannot have; the message goes on from “NAME must be”."""

    @property
    def ending(self) -> str:
        """The rest of the sentence, with the sign at its end."""
        return str(self) if str(self).endswith("?") else f"{self}."


class Kind:
    """A kind of value for an option. `written`: its numbers become text, so they come as they were written."""

    __slots__ = ("read", "schema", "written")

    def __init__(self, read: Callable[[Any], Any], schema: Mapping[str, Any], *, written: bool = False) -> None:
        self.read, self.schema, self.written = read, schema, written


class Written:
    """A number that would come back as another text."""

    text: str


def text_of(value: Any) -> str:
    return value.text if isinstance(value, Written) else str(value)


def nearest(word: str, words: Sequence[str]) -> str:
    """“ Did you mean …?”, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    near = get_close_matches(word, words, 1)
    return f" Did you mean “{near[0]}”?" if near else ""


def is_variable(text: str) -> bool:
    """Whether it can be the name of an environment variable of the author's."""
    plain = text.isascii() and text.isidentifier() and len(text) <= _LONGEST_NAME
    return plain and not text.startswith("PUSHBUTTON_")


def one_of(*words: str) -> Kind:
    def read(value: Any) -> str:
        if value not in words or not isinstance(value, str):
            near = nearest(value, words) if isinstance(value, str) else ""
            raise Unfit(f"one of: {', '.join(words)}{'.' + near if near else ''}")
        return value

    return Kind(read, {"enum": list(words)})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("text; put it in quotes")
    return value


def _name(value: Any) -> str:
    if not (isinstance(value, str) and value):
        raise Unfit("text; put it in quotes")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit("true or false")
    return value


def _measure(value: Any, pattern: str, units: Mapping[str, int], what: str) -> float:
    import re  # noqa: PLC0415 - a job that only declares its options starts without it

    if isinstance(value, str) and re.fullmatch(pattern, value.strip()):
        number = re.match(r"[0-9.]+", value.strip())
        assert number is not None  # noqa: S101 - the pattern begins with it
        return float(number[0]) * units[value.strip()[number.end() :].strip()]
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise Unfit(what)
    return value


def _seconds(value: Any) -> float:
    found = _measure(value, _DURATION, _UNITS, "seconds, or text such as “10 min”")
    if found <= 0:
        raise Unfit("more than nothing")
    return found


def _grace(value: Any) -> float:
    return _measure(value, _DURATION, _UNITS, "seconds, or text such as “10 s”")


def _size(value: Any) -> int:
    return int(_measure(value, _SIZE, _SIZES, "bytes, or text such as “10 MB”"))


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Unfit("a whole number, 1 or more")
    return value


def _approvals(value: Any) -> tuple[int, float]:
    """(approvers, hours)."""
    table = {"approvers": value} if isinstance(value, int) else value
    if not isinstance(table, dict) or table.keys() - {"approvers", "expires"}:
        raise Unfit("how many have to approve it, or a table with “approvers” and “expires”")
    approvers, expires = table.get("approvers", 1), table.get("expires", EXPIRES)
    if not isinstance(approvers, int) or isinstance(approvers, bool) or not 1 <= approvers <= MOST:
        raise Unfit(f"a number of people from 1 to {MOST}")
    if isinstance(expires, str) and expires.strip()[-1:].isalpha():
        expires = _measure(expires, _DURATION, _UNITS, "hours, or text such as “30 min”") / 3600
    if not isinstance(expires, int | float) or isinstance(expires, bool) or not 0 < expires <= LONGEST:
        raise Unfit("a table whose “expires” is hours, or text such as “30 min” or “3 d”; a year at most")
    return approvers, float(expires)


TRIES = 100
"""At one press."""
LONGEST_WAIT = 30 * 86_400.0
"""Seconds between two tries."""
_RETRY = ("times", "wait", "factor", "most", "jitter", "on")
_ENDS = ("failed", "timeout", "lost")
_TABLE_OF_RETRY = "how many tries there are in all, or a table with “times”"


def _retry(value: Any) -> dict[str, Any]:
    """A table with all of its keys; stretches of time in seconds."""
    table = {"times": value} if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(table, dict) or (isinstance(value, dict) and "times" not in table):
        raise Unfit(_TABLE_OF_RETRY)
    for key in table:
        if key not in _RETRY:
            raise Unfit(f"a table that has no “{key}”.{nearest(str(key), _RETRY)}")
    times = table["times"]
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= TRIES:
        raise Unfit(f"a table whose “times”, all tries together, is a whole number from 1 to {TRIES}")
    wait = _stretch(table, "wait", 30.0)
    most = _stretch(table, "most", max(600.0, wait))
    wait = wait if "wait" in table else min(wait, most)
    if wait > most:
        raise Unfit("a table whose “wait” is no longer than its “most”")
    factor = _number(table, "factor", 2.0, 1, 100)
    return {
        "times": times, "wait": wait, "factor": factor, "most": most,
        "jitter": _number(table, "jitter", 0.1, 0, 1), "on": _ends(table.get("on", ["failed", "timeout"])),
    }  # fmt: skip


def _stretch(table: dict[str, Any], key: str, usual: float) -> float:
    try:
        found = float(_grace(table.get(key, usual)))
    except Unfit as unfit:
        raise Unfit(f"a table whose “{key}” is {unfit}") from None
    if found > LONGEST_WAIT:
        raise Unfit(f"a table whose “{key}” is 30 days at most")
    return found


def _number(table: dict[str, Any], key: str, usual: float, least: float, most: float) -> float:
    value = table.get(key, usual)
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise Unfit(f"a table whose “{key}” is a number from {least} to {most}")
    return float(value)


def _ends(value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    wanted = "a table whose “on” lists failed, timeout, lost, “exit 75” or “signal KILL”"
    if not isinstance(listed, list | tuple) or not listed or not all(isinstance(word, str) for word in listed):
        raise Unfit(wanted)
    for word in listed:
        if not (word in _ENDS or _is_exit(word) or _is_signal(word)):
            near = nearest(word, _ENDS)
            raise Unfit(f"{wanted}, not “{word}”{near and '.' + near}")
    return tuple(dict.fromkeys(listed))


def _is_exit(word: str) -> bool:
    digits = word.removeprefix("exit ")
    return digits != word and digits.isascii() and digits.isdigit() and str(int(digits)) == digits and int(digits) < 256


def _is_signal(word: str) -> bool:
    import signal  # noqa: PLC0415 - only for a task that names one

    name = word.removeprefix("signal ")
    return name != word and f"SIG{name}" in signal.Signals.__members__


_SCHEDULE = ("cron", "every", "zone", "inputs", "name", "catch_up", "window", "late", "pause_after", "blackout")
CATCH_UP = ("latest", "none", "all")
HOLIDAYS = "holidays:"
"""Before a country and, where only a part of it is meant, that: the calendar of its public holidays."""


def _schedules(value: Any) -> tuple[dict[str, Any], ...]:
    """A table each, with all of its keys; of an “every” and a “window” seconds."""
    listed = value if isinstance(value, list | tuple) else [value]
    if not listed or not all(isinstance(one, dict) for one in listed):
        raise Unfit("a list of tables, each with “cron” or “every”")
    found = tuple(_schedule(one, number) for number, one in enumerate(listed, 1))
    names = [one["name"] for one in found]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise Unfit(f"a list in which each has a name of its own; “{twice}” stands there twice")
    return found


def is_holidays(text: str) -> bool:
    """Public holidays of a country, by its two letters, or of a part of one: holidays:DE, holidays:DE-BY."""
    import re  # noqa: PLC0415 - as above

    return re.fullmatch(HOLIDAYS + r"[A-Z]{2}(-[A-Za-z0-9]{1,8})?", text) is not None


def _schedule(table: dict[str, Any], number: int) -> dict[str, Any]:
    for key in table:
        if key not in _SCHEDULE:
            raise Unfit(f"a list of tables that have no “{key}”.{nearest(str(key), _SCHEDULE)}")
    for key in ("cron", "zone", "name", "catch_up", "blackout"):
        if key in table and not isinstance(table[key], str):
            raise Unfit(f"a list of tables in which “{key}” is a text")
    if ("cron" in table) == ("every" in table):
        raise Unfit("a list of tables, each with “cron” or “every”, and not with both")
    if "every" in table and "zone" in table:
        raise Unfit("a list of tables in which “zone” stands beside a “cron”: an “every” needs none")
    name = table.get("name", str(number))
    if not (set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and all(name.split("-"))):
        raise Unfit("a list of tables whose names are of a-z, 0-9 and “-”")
    catch_up = table.get("catch_up", CATCH_UP[0])
    if catch_up not in CATCH_UP:
        raise Unfit("a list of tables in which “catch_up” is latest, none or all")
    inputs = table.get("inputs", {})
    if not isinstance(inputs, dict) or not all(isinstance(one, str) for one in inputs):
        raise Unfit("a list of tables in which “inputs” is a table of inputs by name")
    every = _seconds(table["every"]) if "every" in table else 0.0
    if "every" in table and every < 1:
        raise Unfit("a list of tables in which “every” is at least a second")
    window = _seconds(table["window"]) if "window" in table else 86_400.0
    pause_after = table.get("pause_after", 0)
    if "pause_after" in table and not (type(pause_after) is int and 1 <= pause_after <= MOST):
        raise Unfit(f"a list of tables in which “pause_after” is a number of failures from 1 to {MOST}")
    blackout = table.get("blackout", "")
    if blackout.startswith(HOLIDAYS) and not is_holidays(blackout):
        raise Unfit("a list of tables in which “blackout” is an iCal file, or public holidays such as holidays:DE-BY")
    return {
        "name": name, "cron": table.get("cron", ""), "every": float(every), "zone": table.get("zone", ""),
        "inputs": inputs, "catch_up": catch_up, "window": float(window),
        "blackout": blackout,
        "late": float(_seconds(table["late"])) if "late" in table else 0.0, "pause_after": pause_after,
    }  # fmt: skip


_ON_FILE = ("path", "input", "inputs", "rest")


def _on_file(value: Any) -> dict[str, Any]:
    """A table with all of its keys; `input` is None where none is named, `rest` in seconds."""
    table = {"path": value} if isinstance(value, str) else value
    if not isinstance(table, dict) or not isinstance(table.get("path"), str):
        raise Unfit("a folder and a pattern of names, such as “incoming/*.csv”, or a table with “path”")
    if wrong := next((str(key) for key in table if key not in _ON_FILE), ""):
        raise Unfit(f"a table that has no “{wrong}”.{nearest(wrong, _ON_FILE)}")
    folder, slash, pattern = table["path"].rpartition("/")
    if not pattern or not slash:
        raise Unfit("a folder and a pattern of names in it, such as “incoming/*.csv”")
    if any(sign in folder for sign in "*?["):
        raise Unfit("a folder and a pattern of names in it: only the last part may have “*”, “?” or “[”")
    inputs = table.get("inputs", {})
    if not isinstance(inputs, dict) or not all(isinstance(one, str) for one in inputs):
        raise Unfit("a table in which “inputs” is a table of inputs by name")
    if not isinstance(table.get("input", ""), str):
        raise Unfit("a table in which “input” is the name of an input")
    rest = float(_seconds(table["rest"])) if "rest" in table else 2.0
    return {
        "folder": folder or "/", "pattern": pattern, "input": table.get("input"), "inputs": inputs, "rest": rest
    }  # fmt: skip


OCCASIONS = ("asks", "failed", "recovered", "late", "longer", "over")
_TIMES = "failed ([2-9]|[1-9][0-9]) times"


def _tell(value: Any) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """(occasion, times, channels) each; times is 0 but for “failed 3 times”."""
    import re  # noqa: PLC0415 - as above

    if not isinstance(value, dict) or not value:
        raise Unfit("a table of occasions, each with the channels that are told, such as {failed: ops}")
    found = []
    for word, channels in value.items():
        counted = re.fullmatch(_TIMES, str(word))
        if word not in OCCASIONS and not counted:
            known = f"{', '.join(OCCASIONS)}, or “failed 3 times”"
            raise Unfit(f"a table in which no “{word}” stands. There are: {known}.{nearest(str(word), OCCASIONS)}")
        listed = [channels] if isinstance(channels, str) else channels
        if (
            not isinstance(listed, list | tuple)
            or not listed
            or not all(isinstance(one, str) and one for one in listed)
        ):
            raise Unfit(f"a table in which “{word}” has the name of a channel, or a list of names")
        found.append(("failed" if counted else str(word), int(counted[1]) if counted else 0, tuple(listed)))
    return tuple(found)


MOST_LINES = 100


def _lines(value: Any) -> int:
    """“20 lines” is 20."""
    text = value.removesuffix("lines").removesuffix("line").strip() if isinstance(value, str) else value
    count = int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else text
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_LINES:
        raise Unfit(f"a number of lines from 1 to {MOST_LINES}, such as “20 lines”")
    return count


def is_plain_text(value: Any) -> bool:
    """Whether it is a text, or a number that becomes one."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _argv(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise Unfit("a list, one item per argument: nothing passes through a shell")
    if not isinstance(value, list | tuple) or not value or not all(map(is_plain_text, value)):
        raise Unfit("a list of texts, the program first")
    argv = tuple(text_of(item) for item in value)
    if not argv[0] or "{" in argv[0]:
        raise Unfit("a list that begins with the program; an input cannot choose it")
    return argv


def _command(value: Any) -> tuple[Any, ...]:
    """Items, and tuples of items that stand or fall together."""
    if isinstance(value, str) or not isinstance(value, list | tuple) or not value:
        return _argv(value)
    if isinstance(value[0], list | tuple):
        raise Unfit("a list that begins with the program, as a text")
    apart = [item if isinstance(item, list | tuple) else (item,) for item in value]
    if any(isinstance(item, dict) for items in apart for item in items):
        raise Unfit("a list of texts; write “{…}” in quotes")
    if not all(items and all(map(is_plain_text, items)) for items in apart):
        raise Unfit("a list of texts, or of lists of texts that fall away together, the program first")
    _argv([item for items in apart for item in items])
    texts = [tuple(text_of(item) for item in items) for items in apart]
    return tuple(held if isinstance(item, list | tuple) else held[0] for item, held in zip(value, texts, strict=True))


def _spelling(value: Any) -> str:
    """An option as it is typed; one that ends with "=" need not begin with "-" (`if=` of dd)."""
    fine = isinstance(value, str) and value.isprintable() and not set(value) & set(" {}")
    name = value.removesuffix("=") if fine else ""
    if not name.strip("-") or "=" in name or not (name.startswith("-") or name != value):
        raise Unfit("an option as it is typed, such as “--shop” or “-s”")
    return str(value)


def _words(value: Any) -> int | str:
    if value in ("+", "*") and isinstance(value, str):
        return value
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_WORDS:
        raise Unfit(
            f"how many words it is: a number from 1 to {MOST_WORDS}, “+” for one or more, or “*” for any number"
        )
    return value


def _place(value: Any) -> int | str:
    if value == "rest" and isinstance(value, str):
        return value
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_WORDS:
        raise Unfit(f"which operand it is: 1 to {MOST_WORDS}, or “rest” for all that follow")
    return value


def _under(value: Any) -> tuple[str, ...]:
    """Subcommands, the words of one that is inside another with one space between."""
    found = [value] if isinstance(value, str) else value
    if (
        not isinstance(found, list | tuple)
        or not found
        or not all(isinstance(one, str) and one.split() for one in found)
    ):
        raise Unfit("the subcommand as text, or a list of several")
    return tuple(dict.fromkeys(" ".join(one.split()) for one in found))


def _env(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(map(is_plain_text, value.values())):
        raise Unfit("a table of names and texts")
    for name in value:
        if not is_variable(str(name)):
            raise Unfit(f"a table of names and texts; “{name}” cannot be the name of a variable")
    return {str(name): text_of(item) for name, item in value.items()}


def _folders(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
        raise Unfit("a list of folders")
    return tuple(value)


def _tags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and is_tag(one) for one in value):
        raise Unfit("a list of tags: small letters, digits, “.”, “_” and “-”, at most 63 of them")
    return tuple(dict.fromkeys(value))


def is_tag(text: str) -> bool:
    import re  # noqa: PLC0415 - as above

    return len(text) <= _LONGEST_TAG and text.isascii() and re.fullmatch(TAG, text) is not None


def _secrets(value: Any) -> dict[str, str]:
    """The variable for each name."""
    listed = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    found = dict.fromkeys(value) if listed else value
    if not isinstance(found, dict) or not all(one is None or isinstance(one, str) for one in found.values()):
        raise Unfit("a list of names, or a table of names and the variables in which the job finds them")
    named = {str(name): variable or str(name) for name, variable in found.items()}
    for word in (*named, *named.values()):
        if not is_variable(word):
            raise Unfit(f"a list of names; “{word}” cannot be the name of a variable")
    if len(set(named.values())) < len(named):
        raise Unfit("a table in which each secret has a variable of its own")
    return named


def _lock(name: Any) -> str:
    import re  # noqa: PLC0415 - a job that only declares its options starts without it

    if not (isinstance(name, str) and len(name) <= _LONGEST_NAME and re.fullmatch(LOCK[1:-1], name)):
        raise Unfit(f"names of locks, of letters, digits, “.”, “_” and “-”; “{name}” is none")
    return name


def _locks(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        raise Unfit("a list of names: how many runs hold one at once stands in pushbutton.yaml, in “locks” at its top")
    if not isinstance(value, list | tuple) or len(value) > MOST:
        raise Unfit(f"a list of the names of locks, {MOST} at most")
    return tuple(dict.fromkeys(map(_lock, value)))


def _places(value: Any) -> dict[str, int]:
    """How many runs hold each lock."""
    if not isinstance(value, dict):
        raise Unfit("a table of locks, each with how many runs hold it at once")
    for name, most in value.items():
        if type(most) is not int or most < 1:
            raise Unfit(f"a table of locks, each with how many runs hold it at once: “{name}” has no such number")
    return {_lock(name): most for name, most in value.items()}


_RATE = r"([1-9][0-9]{0,5}) per (second|minute|hour|day|week)"
_STRETCHES = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_RATES_OF = ("all", "person")


def _rates(value: Any) -> tuple[tuple[int, int, bool], ...]:
    """(presses, seconds, by each person) each."""
    import re  # noqa: PLC0415 - a job that only declares its options starts without it

    table = value if isinstance(value, dict) else {"all": value}
    if not table or table.keys() - set(_RATES_OF):
        raise Unfit("text such as “5 per hour”, or a table with “all” and “person”")
    found = []
    for name, said in table.items():
        match = re.fullmatch(_RATE, said) if isinstance(said, str) else None
        if not match:
            raise Unfit("a number of presses per second, minute, hour, day or week, such as “5 per hour”")
        found.append((int(match[1]), _STRETCHES[match[2]], name == "person"))
    return tuple(found)


def _keep(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value or value.keys() - {"days", "runs", "failed"}:
        raise Unfit("a table with “days”, “runs” or “failed”")
    days, runs, failed = value.get("days"), value.get("runs"), value.get("failed", "")
    if days is not None and not (isinstance(days, int | float) and not isinstance(days, bool) and days > 0):
        raise Unfit("a table whose “days” is a number above 0")
    if runs is not None and not (type(runs) is int and runs > 0):
        raise Unfit("a table whose “runs” is a whole number, 1 or more")
    if failed not in ("", "always"):
        raise Unfit("a table whose “failed” is: always")
    return {"days": None if days is None else float(days), "runs": runs, "failed": failed == "always"}


_FAILURE = ("match", "help", "task")


def _failures(value: Any) -> tuple[dict[str, str], ...]:
    """A table each, with all of its keys."""
    listed = value if isinstance(value, list | tuple) else [value]
    if not listed or not all(isinstance(one, dict) for one in listed):
        raise Unfit("a list of tables, each with “help” or “task”")
    for key, said in (item for one in listed for item in one.items()):
        if key not in _FAILURE:
            raise Unfit(f"a list of tables that have no “{key}”.{nearest(str(key), _FAILURE)}")
        if not isinstance(said, str) or not said.strip():
            raise Unfit(f"a list of tables in which “{key}” is a text")
    if not all(one.keys() & {"help", "task"} for one in listed):
        raise Unfit("a list of tables, each with “help” or “task”")
    return tuple({key: one.get(key, "") for key in _FAILURE} for one in listed)


def _tty(value: Any) -> tuple[int, int] | None:
    if isinstance(value, bool):
        return (24, 80) if value else None
    sides = list(value) if isinstance(value, list | tuple) else []
    if len(sides) != 2 or not all(type(side) is int and 0 < side < 10_000 for side in sides):
        raise Unfit("true, or [rows, columns] such as [24, 80]")
    return sides[0], sides[1]


def _dry_run(value: Any) -> str | bool:
    if not (isinstance(value, str) and value) and value is not False:
        raise Unfit("the name of an input, or false")
    return value


def _params(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit("a table of inputs by name")
    return value


def _encoding(value: Any) -> str:
    """As Python calls it; "" for UTF-8, which needs no decoding."""
    import codecs  # noqa: PLC0415 - only where somebody names one

    try:
        name = codecs.lookup(_text(value)).name
    except (LookupError, ValueError):  # a name that no name can be raises one of many
        from encodings.aliases import aliases  # noqa: PLC0415 - only for a mistake

        known = sorted({*aliases, *aliases.values()})
        raise Unfit(f"an encoding that Python knows, such as cp1252.{nearest(str(value), known)}") from None
    if name in ("utf-8", "ascii"):
        return ""
    if not _holds_ascii(name):
        raise Unfit(f"an encoding in which ASCII is one byte a character, such as cp1252 or shift_jis; {name} is not")
    return name


_PROBE = bytes(range(128)) + b" +AGE- ~{~} &a-b xn--a-ecp.ru \x1b$B0l\x1b(B \x1b$)C\x0e0l\x0f"
"""Characters that change where ASCII stands for more than itself."""


def _holds_ascii(name: str) -> bool:
    """Whether ASCII is itself in it, and no byte below “0” a part of another character: then line ends, and what
    steers a terminal, are found in the bytes.
    """
    if name.endswith("escape"):  # of Python's own sources; to try them warns
        return False
    try:
        if _PROBE.decode(name) != _PROBE.decode("ascii") or _PROBE.decode("ascii").encode(name) != _PROBE:
            return False
        return all(
            bytes([first, second, *b"zzz"]).decode(name, "replace").endswith(f"{chr(second)}zzz")
            for first in range(128, 256)
            for second in range(0x30)
        )
    except (LookupError, ValueError):
        return False


def _length(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unfit("a whole number, 0 or more")
    return value


def _choices(value: Any) -> list[tuple[Any, ...]]:
    """(value, label, help) each; the last may be missing."""
    if not isinstance(value, list | dict) or not value:
        raise Unfit("a list of values, or a table of values and what is shown for them")
    found: list[tuple[Any, ...]]
    if isinstance(value, list):
        found = [(one, "") for one in value]
    else:
        found = [(one, *(shown if isinstance(shown, list) else [shown])) for one, shown in value.items()]
    for one, *texts in found:
        if not isinstance(one, str | int | float):
            raise Unfit("a list of texts and numbers")
        if not 1 <= len(texts) <= 2 or not all(isinstance(text, str) for text in texts):
            raise Unfit("a table of values, each with a text or with [text, one sentence more]")
    if any(isinstance(one, Written) for one, *_ in found):  # then all of its numbers are names, as 3.9 beside 3.10
        found = [(text_of(one) if is_plain_text(one) else one, *texts) for one, *texts in found]
    once: dict[Any, tuple[Any, ...]] = {}
    for one, *texts in found:
        once.setdefault((isinstance(one, str), isinstance(one, bool), one), (one, *texts))
    return list(once.values())


def _when(value: Any) -> dict[str, list[Any]]:
    if not isinstance(value, dict) or not value:
        raise Unfit("a table of inputs and the values that they must have")
    found = {str(name): wanted if isinstance(wanted, list) else [wanted] for name, wanted in value.items()}
    if not all(wanted and all(isinstance(one, str | int | float) for one in wanted) for wanted in found.values()):
        raise Unfit("a table of inputs, each with a value or a list of values")
    return found


def _scalar(value: Any) -> Any:
    if type(value) not in (str, int, float):
        raise Unfit("a number or a date")
    return value


def _any(value: Any) -> Any:
    return value


def _labels(value: Any) -> dict[Any, tuple[str, ...]]:
    """(label, help) by the value, as Python has it; the help may be missing."""
    found = {one: shown if isinstance(shown, tuple) else (shown,) for one, shown in _table(value).items()}
    if not all(1 <= len(texts) <= 2 and all(isinstance(text, str) for text in texts) for texts in found.values()):
        raise Unfit("a table of values, each with a text or with (text, one sentence more)")
    return found


def _table(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise Unfit("a table of values, each with what is shown for it")
    return value


TEXT = Kind(_text, {"type": "string"})
NAME = Kind(_name, {"type": "string"})
ENCODING = Kind(_encoding, {"type": "string"})
FLAG = Kind(_flag, {"type": "boolean"})
COUNT = Kind(_count, {"type": "integer", "minimum": 1})
_DURATION_SCHEMA = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": f"^{_DURATION}$"}]}
SECONDS = Kind(_seconds, _DURATION_SCHEMA)
GRACE = Kind(_grace, _DURATION_SCHEMA)
SIZE = Kind(_size, {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_SIZE}$"}]})
ARGV = Kind(_argv, {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}, written=True)
_ITEM = {"type": ["string", "number"]}
COMMAND = Kind(
    _command,
    {"type": "array", "items": {"anyOf": [_ITEM, {"type": "array", "items": _ITEM, "minItems": 1}]}, "minItems": 1},
    written=True,
)
SPELLING = Kind(_spelling, {"type": "string", "pattern": "^(-+[^-\\s{}=][^\\s{}=]*=?|[^-\\s{}=][^\\s{}=]*=)$"})
_NUMBER_OF = {"type": "integer", "minimum": 1, "maximum": MOST_WORDS}
WORDS = Kind(_words, {"anyOf": [_NUMBER_OF, {"enum": ["+", "*"]}]})
PLACE = Kind(_place, {"anyOf": [_NUMBER_OF, {"const": "rest"}]})
_SAID = {"type": "string", "pattern": "\\S"}
UNDER = Kind(_under, {"anyOf": [_SAID, {"type": "array", "items": _SAID, "minItems": 1}]})
ENV = Kind(_env, {"type": "object", "additionalProperties": {"type": ["string", "number"]}}, written=True)
_RATE_SCHEMA = {"type": "string", "pattern": f"^{_RATE}$"}
RATES = Kind(
    _rates,
    {
        "anyOf": [
            _RATE_SCHEMA,
            {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "properties": dict.fromkeys(_RATES_OF, _RATE_SCHEMA),
            },
        ]
    },
)
KEEP = Kind(
    _keep,
    {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "days": {"type": "number", "exclusiveMinimum": 0},
            "runs": {"type": "integer", "minimum": 1},
            "failed": {"const": "always"},
        },
    },
)
_ONE_FAILURE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "match": {"type": "string", "pattern": "\\S", "description": "In a line of what it said; * is anything."},
        "help": {"type": "string", "pattern": "\\S", "description": "Markdown."},
        "task": {"type": "string", "pattern": "\\S", "description": "The name of a task that mends it."},
    },
    "anyOf": [{"required": ["help"]}, {"required": ["task"]}],
}
FAILURES = Kind(_failures, {"anyOf": [_ONE_FAILURE, {"type": "array", "items": _ONE_FAILURE, "minItems": 1}]})
_LOCK = {"type": "string", "pattern": LOCK}
LOCKS = Kind(_locks, {"type": "array", "items": _LOCK, "maxItems": MOST})
PLACES = Kind(
    _places,
    {"type": "object", "propertyNames": {"pattern": LOCK}, "additionalProperties": {"type": "integer", "minimum": 1}},
)
FOLDERS = Kind(_folders, {"type": "array", "items": {"type": "string"}})
TAGS = Kind(_tags, {"type": "array", "items": {"type": "string", "pattern": TAG, "maxLength": _LONGEST_TAG}})
PARAMS = Kind(_params, {}, written=True)
DRY_RUN = Kind(_dry_run, {"anyOf": [{"type": "string"}, {"const": False}]})
TTY = Kind(
    _tty,
    {
        "anyOf": [
            {"type": "boolean"},
            {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2},
        ]
    },
)
SECRETS = Kind(
    _secrets,
    {
        "anyOf": [
            {"type": "array", "items": {"type": "string", "pattern": VARIABLE}},
            {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        ]
    },
)
_END_SCHEMA = {"type": "string", "pattern": "^(failed|timeout|lost|exit [0-9]{1,3}|signal [A-Z][A-Z0-9+-]*)$"}
_TRIES_SCHEMA = {"type": "integer", "minimum": 1, "maximum": TRIES}
RETRY = Kind(
    _retry,
    {
        "anyOf": [
            _TRIES_SCHEMA,
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["times"],
                "properties": {
                    "times": {**_TRIES_SCHEMA, "description": "All tries, the first among them."},
                    "wait": {**_DURATION_SCHEMA, "description": "Before the second try; 30 s."},
                    "factor": {
                        "type": "number",
                        "minimum": 1,
                        "maximum": 100,
                        "description": "Each wait is so many times as long as the one before; 2.",
                    },
                    "most": {**_DURATION_SCHEMA, "description": "No wait is longer; 10 min."},
                    "jitter": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": 1,
                        "description": "A wait is longer or shorter, by chance, by up to this part of it; 0.1.",
                    },
                    "on": {
                        "description": "After which ends: failed, timeout, lost, “exit 75”, “signal KILL”; failed and "
                        "timeout.",
                        "anyOf": [_END_SCHEMA, {"type": "array", "items": _END_SCHEMA, "minItems": 1}],
                    },
                },
            },
        ]
    },
)
_ONE_SCHEDULE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "cron": {
            "type": "string",
            "description": "Minute, hour, day of the month, month, day of the week.",
        },
        "every": {**_DURATION_SCHEMA, "description": "In place of cron: so long after the last due moment."},
        "zone": {"type": "string", "description": "Of cron, such as Europe/Berlin; else the server's."},
        "inputs": {"type": "object", "description": "What is filled in; of others the default counts."},
        "name": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "catch_up": {"enum": list(CATCH_UP), "description": "What becomes of moments that were missed."},
        "window": {**_DURATION_SCHEMA, "description": "What was missed longer ago is too old; a day."},
        "late": {
            **_DURATION_SCHEMA,
            "description": "So long after it was due, people are told unless a run of it has succeeded.",
        },
        "blackout": {
            "type": "string",
            "description": "An iCal file, seen from that of the task, or public holidays, such as holidays:DE-BY: "
            "within its entries nothing is pressed.",
        },
        "pause_after": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST,
            "description": "After so many failures in a row it pauses itself.",
        },
    },
}
SCHEDULES = Kind(_schedules, {"anyOf": [_ONE_SCHEDULE, {"type": "array", "items": _ONE_SCHEDULE, "minItems": 1}]})
_PATH_SCHEMA = {"type": "string", "pattern": r"^[^*?\[]*/[^/]+$", "description": "Such as incoming/*.csv."}
ON_FILE = Kind(
    _on_file,
    {
        "anyOf": [
            _PATH_SCHEMA,
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["path"],
                "properties": {
                    "path": _PATH_SCHEMA,
                    "input": {"type": "string", "description": "The input that gets the file's path."},
                    "inputs": {"type": "object", "description": "What is filled in; of others the default counts."},
                    "rest": {**_DURATION_SCHEMA, "description": "So long a file has to stay as it is; 2 s."},
                },
            },
        ]
    },
)
_CHANNELS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
TELL = Kind(
    _tell,
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": dict.fromkeys(OCCASIONS, _CHANNELS),
        "patternProperties": {f"^{_TIMES}$": _CHANNELS},
    },
)
LINES = Kind(_lines, {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_LINES}, {"type": "string"}]})
APPROVALS = Kind(
    _approvals,
    {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": MOST},
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "approvers": {"type": "integer", "minimum": 1, "maximum": MOST, "description": "How many."},
                    "expires": {
                        "anyOf": [
                            {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST},
                            {"type": "string", "pattern": _DURATION_WITH_UNIT},
                        ],
                        "description": "Hours (or “30 min”, “3 d”) after which it is not waited any more; 24.",
                    },
                },
            },
        ]
    },
)
SCALAR = {"type": ["string", "number", "boolean"]}
ANY = Kind(_any, {}, written=True)
LENGTH = Kind(_length, {"type": "integer", "minimum": 0})
BOUND = Kind(_scalar, {"type": ["number", "string"]})
PATTERN = Kind(_text, {"type": "string", "format": "regex"})
LABELS = Kind(_labels, {})
CHOICES = Kind(
    _choices,
    {"anyOf": [{"type": "array", "items": SCALAR, "minItems": 1}, {"type": "object", "minProperties": 1}]},
    written=True,
)
WHEN = Kind(
    _when,
    {"type": "object", "additionalProperties": {"anyOf": [SCALAR, {"type": "array", "items": SCALAR}]}},
    written=True,
)
