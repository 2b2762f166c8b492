"""A file that a job handed over, as events: that it is kept, or in one sentence why it is not."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence

from pushbutton.domain.event import Draft, Json, Kind
from pushbutton.domain.size import size
from pushbutton.job.protocol import clean

from .ports import Record

_WHY = {
    "system": "what lies below /proc, /sys and /dev is no file to hand over.",
    "closed": "it lies in the data folder, where only the files of its own run may be handed over.",
    "outside": "it lies neither where the job starts nor in its temporary folder. Name its folder under “results” "
    "of the task.",
    "missing": "there is no such file.",
    "folder": "it is a folder. Pack it into one file, and hand that over.",
    "irregular": "it is no plain file.",
    "moved": "something else was put in its place at that moment.",
    "unreadable": "it cannot be read ({error}).",
    "large": "all results of a run together may have {most}. The setting results_mb says how much.",
    "many": "no run may hand over so many files.",
    "secret": "it holds the value of a secret, and is no text in which that could be masked.",
    "stuck": "the disk that it lies on did not answer.",
    "full": "there is no room for it on the disk.",
    "elsewhere": "files cannot be named from elsewhere; the job itself does that.",
}


def drafts(record: Record) -> Sequence[Draft]:
    """Of a record `artifact` or `refused`."""
    at, path = int(record["t"]), clean(str(record["path"]), 4096)
    if record["k"] == "refused":
        why, error, most = str(record["why"]), str(record.get("error", "")), float(record.get("most", 0))
        sentence = _WHY.get(why, _WHY["unreadable"]).format(error=error or why, most=size(most))
        return [Draft(Kind.NOTE, {"text": f"“{path}” was not kept: {sentence}", "code": "artifact"}, at)]
    name = str(record["name"])
    found = [Draft(Kind.ARTIFACT, _facts(name, int(record["size"]), clean(str(record["title"]), 200)), at)]
    if record["masked"]:
        text = f"“{name}” held the value of a secret, which is masked in it."
        found.append(Draft(Kind.NOTE, {"text": text, "code": "masked"}, at))
    return found


def _facts(name: str, length: int, title: str) -> Mapping[str, Json]:
    """What an event says of a file that is kept."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name, "size": length, "type": kind, "title": title}
