"""A report that names a file: what `job.protocol` takes for one, taken apart without the modules that it needs."""

from __future__ import annotations


class Named:
    """A file that was handed over: its path as the job said it, and the pipe on which the job waits for a word."""

    __slots__ = ("path", "receipt", "title")

    def __init__(self, path: str, title: str = "", receipt: str = "") -> None:
        self.path, self.title, self.receipt = path, title, receipt


def in_line(line: str) -> Named | None:
    """`artifact PATH [TITLE]`; a path with spaces stands in double quotes."""
    word, _, rest = line.strip().partition(" ")
    rest = rest.strip()
    if word != "artifact" or not rest:
        return None
    end = rest.find('"', 1)
    if rest[0] == '"' and end > 1 and (end + 1 == len(rest) or rest[end + 1].isspace()):
        return Named(rest[1:end], rest[end + 1 :].strip())
    path, *title = rest.split(None, 1)
    return Named(path, *title)


def in_json(value: object) -> Named | None:
    """`{"kind": "artifact", "data": {"path": …, "title": …, "receipt": …}}`; without a path it names nothing."""
    if not isinstance(value, dict) or value.get("kind") != "artifact":
        return None
    data = value.get("data")
    if not isinstance(data, dict):
        return None
    path, title, receipt = (data.get(key) for key in ("path", "title", "receipt"))
    if not isinstance(path, str) or not path:
        return None
    return Named(path, title if isinstance(title, str) else "", receipt if isinstance(receipt, str) else "")
