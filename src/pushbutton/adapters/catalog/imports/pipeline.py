"""Steps that one shell goes through, each by itself, as a system that builds software runs them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote

from .kind import Left
from .shell_text import Rewritten

__all__ = ["Step", "joined_steps", "one_word"]


@dataclass(frozen=True, slots=True)
class Step:
    """`variables` are words of a shell, with their quotes; `only_if` is a command that ends well where it shall run."""

    text: str
    name: str = ""
    only_if: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    options: str = ""  # such as “set +e”, for it alone


def joined_steps(steps: Sequence[Step]) -> str:
    """Each in a shell of its own, so that none changes the folder or a variable of the next; the first that fails is
    the last.
    """
    if len(steps) == 1 and not (steps[0].only_if or steps[0].variables or steps[0].folder):
        return f"{steps[0].options or 'set -e'}\n{steps[0].text.strip()}"
    parts = ["set -e"]
    for step in steps:
        name = " ".join(step.name.split())
        lines = [f"export {name}={word}" for name, word in step.variables.items()]
        lines += [f"cd -- {quote(step.folder)}"] if step.folder else []
        body = "\n".join([f"( {step.options}".rstrip(), *lines, step.text.strip(), ")"])
        body = f"if {step.only_if}; then\n{body}\nfi" if step.only_if else body
        parts.append(f"# {name}\n{body}" if name else body)
    return "\n".join(parts)


def one_word(found: Rewritten, texts: Collection[str], line: int) -> Iterator[Left]:
    """The differences where an input of these stood without quotes, in a text that begins at this line."""
    for name, at in dict.fromkeys(found.bare):
        if name in texts:
            what = f"“{name}” stood there without quotes, so that a blank in it began a new word; here it is one word."
            yield Left(line + at, what, "Make it several inputs, if it has to be several words.")
