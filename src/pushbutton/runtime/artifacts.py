"""A file that a job handed over, as events: that it is kept, or in one sentence why it is not."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence

from pushbutton.domain.event import Draft, Json, Kind
from pushbutton.domain.size import size
from pushbutton.job.protocol import clean
from pushbutton.sentence import say, unsaid

from .ports import Record

_WHY = {
    "system": unsaid("“{path}” was not kept: what lies below /proc, /sys and /dev is no file to hand over."),
    "closed": unsaid(
        "“{path}” was not kept: it lies in the data folder, where only the files of its own run may be handed over."
    ),
    "outside": unsaid(
        "“{path}” was not kept: it lies neither where the job starts nor in its temporary folder. "
        "Name its folder under “results” of the task."
    ),
    "missing": unsaid("“{path}” was not kept: there is no such file."),
    "folder": unsaid("“{path}” was not kept: it is a folder. Pack it into one file, and hand that over."),
    "irregular": unsaid("“{path}” was not kept: it is no plain file."),
    "moved": unsaid("“{path}” was not kept: something else was put in its place at that moment."),
    "unreadable": unsaid("“{path}” was not kept: it cannot be read ({error})."),
    "large": unsaid(
        "“{path}” was not kept: all results of a run together may have {most}. The setting results_mb says how much."
    ),
    "many": unsaid("“{path}” was not kept: no run may hand over so many files."),
    "secret": unsaid(
        "“{path}” was not kept: it holds the value of a secret, and is no text in which that could be masked."
    ),
    "stuck": unsaid("“{path}” was not kept: the disk that it lies on did not answer."),
    "full": unsaid("“{path}” was not kept: there is no room for it on the disk."),
    "elsewhere": unsaid("“{path}” was not kept: files cannot be named from elsewhere; the job itself does that."),
}


def drafts(record: Record) -> Sequence[Draft]:
    """Of a record `artifact` or `refused`."""
    at, path = int(record["t"]), clean(str(record["path"]), 4096)
    if record["k"] == "refused":
        why, error, most = str(record["why"]), str(record.get("error", "")), float(record.get("most", 0))
        values = {"path": path, "error": error or why, "most": size(most)}
        id_ = _WHY.get(why, _WHY["unreadable"])
        text = say(id_, **{name: value for name, value in values.items() if f"{{{name}}}" in id_})
        return [Draft(Kind.NOTE, {"text": text, "code": "artifact"}, at)]
    name = str(record["name"])
    found = [Draft(Kind.ARTIFACT, _facts(name, int(record["size"]), clean(str(record["title"]), 200)), at)]
    if record["masked"]:
        text = say("“{name}” held the value of a secret, which is masked in it.", name=name)
        found.append(Draft(Kind.NOTE, {"text": text, "code": "masked"}, at))
    return found


def _facts(name: str, length: int, title: str) -> Mapping[str, Json]:
    """The data of an event about a kept file."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name, "size": length, "type": kind, "title": title}
