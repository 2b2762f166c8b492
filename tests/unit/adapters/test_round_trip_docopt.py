"""What is filled in comes back equal through the script's own parser: here the real docopt."""

from __future__ import annotations

from typing import Any

from docopt import docopt
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pushbutton.errors import InvalidInputs
from tests.unit.adapters.test_round_trip import NAMES, WORDS, command_line

KINDS = ["text", "usual", "needed", "flag", "count", "repeat", "either", "short"]


@st.composite
def options(draw: st.DrawFn, name: str) -> tuple[str, str, dict[str, Any], dict[str, Any]]:
    """What its usage has, what its options say, the inputs, and what docopt must find."""
    flag, key = f"--{name}", name.replace("-", "_")
    value = draw(WORDS | st.none())
    filled = {} if value is None else {key: value}
    match draw(st.sampled_from(KINDS)):
        case "text":
            return f"[{flag}=<v>]", "", filled, {flag: value}
        case "usual":
            found = "as it is" if value is None else value
            return f"[{flag}=<v>]", f"  {flag}=<v>  Some [default: as it is]", filled, {flag: found}
        case "needed":
            text = draw(WORDS)
            return f"{flag}=<v>", "", {key: text}, {flag: text}
        case "flag":
            on = draw(st.booleans())
            return f"[{flag}]", f"  {flag}  Yes.", {key: on}, {flag: on}
        case "count":
            times = draw(st.integers(0, 4))
            return f"[{flag}]...", "", {key: times}, {flag: times}
        case "repeat":
            many = draw(st.lists(WORDS, max_size=3))
            return f"[{flag}=<v>]...", "", {key: many}, {flag: many}
        case "short":
            return (
                f"[-{name[0].upper()} VALUE]",
                f"  -{name[0].upper()} VALUE, {flag}=VALUE  One.",
                filled,
                {flag: value},
            )
    which = draw(st.sampled_from([None, f"one_{key}", f"other_{key}"]))
    inputs: dict[str, Any] = {} if which is None else {f"one_{key}_or_other_{key}": which}
    text = draw(WORDS)
    inputs |= {f"other_{key}": text} if which == f"other_{key}" else {}
    found_other = text if which == f"other_{key}" else None
    one, other = f"--one-{name}".replace("_", "-"), f"--other-{name}".replace("_", "-")
    return f"[{one} | {other}=<v>]", "", inputs, {one: which == f"one_{key}", other: found_other}


@st.composite
def usages(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    names = draw(st.lists(st.sampled_from([one for one in NAMES if len(one) > 1]), unique=True, max_size=4))
    parts: list[str] = []
    said: list[str] = []
    inputs: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    for name in names:
        usage, described, filled, finds = draw(options(name))
        if any(one.startswith(described[:5]) for one in said if described):
            continue
        parts.append(usage)
        said += [described] if described else []
        inputs |= filled
        expected |= finds
    for words in draw(
        st.sampled_from([(), ("first",), ("first", "second"), ("first", "rest"), ("rest",), ("perhaps",)])
    ):
        value: Any = draw(WORDS)
        if words == "rest":
            value = draw(st.lists(WORDS, min_size=1, max_size=3))
        elif words == "perhaps":
            value = draw(WORDS | st.none())
        parts.append({"rest": "<rest>...", "perhaps": "[<perhaps>]"}.get(words, f"<{words}>"))
        inputs |= {} if value is None else {words: value}
        expected[f"<{words}>"] = value
    below = draw(st.sampled_from([[], ["go"], ["ship", "move"]]))
    expected |= dict.fromkeys(below, True)
    lines = [f"  prog {' '.join([*below, *parts])}", "  prog (-h | --help)", *["  prog stop [--hard]"] * bool(below)]
    text = "\n".join(["Does it.", "", "Usage:", *lines, "", "Options:", *said, ""])
    return text, inputs, expected


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(usages())
def test_docopt_finds_what_was_filled_in(made: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    text, inputs, expected = made
    try:
        argv = command_line(f"import docopt\ndocopt.docopt({text!r})", inputs)
    except InvalidInputs:  # a value that could not be told from an option is refused
        assume(False)
    found = docopt(text, argv)
    assert {name: found[name] for name in expected} == expected, argv
