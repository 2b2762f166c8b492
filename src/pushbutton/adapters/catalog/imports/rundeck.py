"""Jobs of Rundeck, as it exports them: YAML, JSON or XML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .kind import Draft, Left, Param, Source, Task, Timed, literal
from .names import Names, plain_name
from .quartz import beyond_cron, in_cron
from .rundeck_xml import read_jobs
from .script_text import LONGEST, in_shell, is_shell, starter
from .shell_text import Hole, Unsafe, assigned, rewritten
from .times import timed
from .tree import Node, read_json, read_yaml
from .values import pattern

__all__ = ["read"]

_IN_EXEC = re.compile(r"\$\{([a-zA-Z]+)\.([\w.-]+?)(?:\.value)?\}")
_IN_SCRIPT = re.compile(r"@([a-zA-Z]+)\.([\w.-]+?)(?:\.value)?@")
_VARIABLE = re.compile(r"\bRD_(?:OPTION|FILE)_(\w+)")
_OPTIONS = ("option", "unquotedoption", "file")
_CONTEXTS = frozenset(
    {*_OPTIONS, "job", "node", "globals", "data", "server", "execution", "project", "secureOption", "export", "exec"}
)
"""The places that Rundeck fills in; anything else is text."""
_STEPS = ("exec", "script", "scriptfile")
_DATES: Mapping[str, str] = {
    **dict.fromkeys(("YYYY",), "[0-9]{4}"),
    **dict.fromkeys(("MM", "DD", "HH", "hh", "mm", "ss", "YY"), "[0-9]{2}"),
    **dict.fromkeys(("M", "D", "H", "h", "m", "s"), "[0-9]{1,2}"),
    **dict.fromkeys(("A", "a"), "(?:AM|PM|am|pm)"),
    "SSS": "[0-9]{3}",
    "Z": "(?:Z|[+-][0-9]{2}:?[0-9]{2})",
}
_TOLD: Mapping[str, tuple[str, str]] = {
    "retry": ("A run that failed is not tried again by itself", "Press “Again”."),
    "notification": ("Nobody gets a message of it", "A webhook can tell another system."),
    "loglimit": ("How much it may say is not taken", "See “output”: so many bytes are kept."),
    "orchestrator": ("The order of its nodes is not taken", "It runs on the server alone."),
    "plugins": ("What plugins do with it is not taken", "Let its command do that."),
    "runnerSelector": ("Where it ran is not taken", "It runs on the server."),
}
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "": 1}


def read(source: Source) -> Draft:
    text = source.text.lstrip("\ufeff \t\n")
    tree = read_jobs(source) if text.startswith("<") else read_json(source) if text[:1] in "[{" else read_yaml(source)
    jobs = [job for job in ([tree] if "sequence" in tree else tree) if job["name"].text and "sequence" in job]
    if not jobs:
        raise source.wrong("It is no list of Rundeck's jobs: each has a “name” and a “sequence”.", tree.line)
    left: list[Left] = []
    secrets: dict[str, str] = {}
    tasks = [made for job in jobs if (made := _Job(job, left, secrets).task())]
    return Draft(tuple(tasks), tuple(left), secrets)


class _Out(Exception):
    """The job cannot be taken; it was told why."""


@dataclass
class _Option:
    """An option as an input, or as a named secret."""

    variable: str
    param: Param | None = None
    secret: str = ""
    bare: bool = False  # a value could be several words where no quotes stand


@dataclass
class _Job:
    job: Node
    left: list[Left]
    secrets: dict[str, str]
    options: dict[str, _Option] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.job["name"].text

    def tell(self, line: int, what: str, do: str) -> None:
        self.left.append(Left(line, what, do))

    def out(self, line: int, why: str, do: str) -> _Out:
        self.tell(line, f"“{self.name}” is left out: {why[:1].lower()}{why[1:]}", do)
        return _Out()

    def task(self) -> Task | None:
        job = self.job
        texts = " ".join(step[key].text for step in job["sequence"]["commands"] for key in _STEPS)
        names = Names(assigned(texts))
        before = len(self.left)
        for name, option in self._ordered():
            self._option(name, option, names)
        try:
            command = self._command()
        except _Out:
            del self.left[before:-1]  # of what is not there, only why
            return None
        self.left += list(self._beside())
        many = job["multipleExecutions"].truth
        return Task(
            name=self.name,
            command=command,
            line=job.line,
            params=tuple(option.param for option in self.options.values() if option.param),
            help=job["description"].text,
            group=job["group"].text,
            timeout=self._timeout(),
            at_once=(job["maxMultipleExecutions"].whole or 20) if many else None,
            busy="" if many else "skip",
            secrets={one.secret: one.variable for one in self.options.values() if one.secret},
            schedules=tuple(self._schedule()),
        )

    # -- options

    def _ordered(self) -> list[tuple[str, Node]]:
        options = self.job["options"]
        named = [(one["name"].text, one) for one in options] or list(options.table.items())
        return sorted(named, key=lambda pair: pair[1]["sortIndex"].whole or 0)

    def _option(self, name: str, node: Node, names: Names) -> None:
        if not name:
            self.tell(node.line, "An option without a name is not taken.", "Write it by hand.")
            return
        ours = names.of(name)
        if node["secure"].truth and not node["valueExposed"].truth:
            what = f"“{name}” was for signing in to nodes, and no job saw it: it is not taken."
            self.tell(node.line, what, "Keep it as a named secret, if its command needs it.")
            return
        if node["secure"].truth and node["storagePath"]:
            self._stored(name, node, ours)
            return
        param, bare = self._input(name, node, ours)
        self.options[name] = _Option(ours.upper(), param, bare=bare)

    def _stored(self, name: str, node: Node, ours: str) -> None:
        path = node["storagePath"].text
        secret = plain_name(path.removeprefix("keys/")).upper() or ours.upper()
        secret = secret if not secret[0].isdigit() else f"KEY_{secret}"
        self.secrets[secret] = f"In Rundeck it is {path}. Keep its value with: pushbutton secret set {secret}"
        self.options[name] = _Option(ours.upper(), secret=secret)
        what = f"The value of “{name}” is not here: it is the named secret {secret}."
        self.tell(node["storagePath"].line, what, f"Keep it with: pushbutton secret set {secret}")

    def _input(self, name: str, node: Node, ours: str) -> tuple[Param, bool]:
        required = node["required"].truth is True
        label = node["label"].text
        told = [node["description"].text]
        given: dict[str, Any] = {"label": label or (name if ours != plain_name(name) else "")}
        default = node["value"].text or None
        bare = True
        if node["secure"].truth:
            given["type"], default = "secret", None
        elif node["type"].text == "file":
            given["type"], default, bare = "file", None, False
        elif node["isDate"].truth:
            given |= self._date(node)
            told += [f"As in {given['example']}."] if "example" in given else []
        elif node["values"] and node["enforced"].truth:
            offered = [one.text for one in node["values"] if one.text]
            given["choices"] = dict.fromkeys(offered, "")
            bare = any(re.search(r"\s", one) for one in offered)
            default = default if default in offered or node["multivalued"].truth else None
        else:
            offered = [one.text for one in node["values"] if one.text]
            told += [f"Such as {', '.join(offered)}."] if offered else []
            given["multiline"] = node["type"].text == "multiline" or node["optionType"].text == "multiline"
        if node["valuesUrl"]:
            what = f"What can be chosen for “{name}” came from an address: {node['valuesUrl'].text}"
            do = "Here it is a text; write a program that tells the choices as “choices_from”."
            self.tell(node["valuesUrl"].line, what, do)
        if node["regex"] and "choices" not in given and "type" not in given:
            given["pattern"] = pattern(node["regex"].text, node["regex"].line, name, self.left)
        if node["hidden"].truth:
            self.tell(node["hidden"].line, f"“{name}” was hidden, and is asked here.", "Put its value into “env”.")
        value: Any = default
        if node["multivalued"].truth and "type" not in given:
            given, value = self._several(name, node, given, default)
        said = None if required and value is None else required
        return Param(ours, help="\n\n".join(one for one in told if one), default=value, required=said, **given), bare

    def _several(self, name: str, node: Node, given: dict[str, Any], default: str | None) -> tuple[dict[str, Any], Any]:
        delimiter = node["delimiter"].text or ","
        if delimiter != ",":
            what = f"The values of “{name}” come with “,” between them, and not with “{delimiter}”."
            self.tell(node["delimiter"].line, what, "Let the command take them apart there.")
        words = [word.strip() for word in (default or "").split(delimiter) if word.strip()]
        offered = [one.text for one in node["values"] if one.text]
        if "choices" not in given:
            return {**given, "type": "list", "multiline": False}, tuple(words) or None
        if node["multivalueAllSelected"].truth:
            words = offered
        return {**given, "type": "choices"}, tuple(word for word in words if word in offered) or None

    def _date(self, node: Node) -> dict[str, Any]:
        form = node["dateFormat"].text or "MM/DD/YYYY hh:mm a"
        if form == "YYYY-MM-DD":
            return {"type": "date"}
        parts = re.findall(r"YYYY|YY|SSS|MM|DD|HH|hh|mm|ss|[MDHhmsAaZ]|\[[^]]*\]|.", form, re.DOTALL)
        made = "".join(_DATES.get(part) or re.escape(part.strip("[]") or part) for part in parts)
        return {"pattern": made, "pattern_text": f"A date as {form}.", "example": _example(parts)}

    # -- steps

    def _command(self) -> tuple[str, ...]:
        sequence = self.job["sequence"]
        steps = list(sequence["commands"])
        if not steps:
            raise self.out(sequence.line, "It has no steps.", "Write it by hand.")
        if len(steps) == 1 and not steps[0]["errorhandler"]:
            return self._alone(steps[0])
        self.tell(
            sequence["commands"].line,
            f"The {len(steps)} steps of “{self.name}” are one script here.",
            "Write a script that uses: pushbutton step NAME.",
        )
        goes_on = sequence["keepgoing"].truth is True
        lines = [self._with_handler(step, "failed=$?" if goes_on else "exit") for step in steps]
        lines = ["failed=0", *lines, 'exit "$failed"'] if goes_on else lines
        text = "\n".join(lines)
        return ("sh", "-c", literal(self._short(text, sequence.line)))

    def _short(self, text: str, line: int) -> str:
        if len(text.encode()) > LONGEST:
            raise self.out(line, "Its scripts are too long for a command line.", "Save them as files.")
        return text

    def _with_handler(self, step: Node, otherwise: str) -> str:
        """A step, and what happens when it fails."""
        run, handler = self._line(step), step["errorhandler"]
        if not handler:
            return f"{run} || {otherwise}"
        mended = self._line(handler)
        if handler["keepgoingOnSuccess"].truth:
            return f"{run} || {mended} || {otherwise}"
        return f"{run} || {{ {mended}; {'exit 1' if otherwise == 'exit' else 'failed=1'}; }}"

    def _alone(self, step: Node) -> tuple[str, ...]:
        if "script" in step and not step["args"].text:
            start, text = self._script(step)
            return (*map(literal, start), literal(self._short(text, step["script"].line)), literal(self.name))
        return ("sh", "-c", literal(self._short(self._line(step), step.line)))

    def _line(self, step: Node) -> str:
        """A step as a line of a shell script, which ends as the step ends."""
        if "exec" in step:
            text = self._filled(step["exec"], _IN_EXEC)
            return f"( {text}\n)" if "\n" in text or "#" in text else f"( {text} )"
        if "script" in step:
            start, text = self._script(step)
            return in_shell(start, text, self.name, self._arguments(step))
        if step["scriptfile"].text:
            return self._file(step)
        kind = next((key for key in ("jobref", "scripturl", "type") if key in step), "step")
        line = step[kind].line if kind in step else step.line
        what, do = {
            "jobref": ("one of its steps is another job", "Write a script that has what both do."),
            "scripturl": ("one of its steps is a script from an address", "Save it, and name the file."),
        }.get(kind, ("one of its steps is a plugin's", "Write a script that does the same."))
        raise self.out(line, f"{what}.", do)

    def _script(self, step: Node) -> tuple[tuple[str, ...], str]:
        node = step["script"]
        start = starter(node.text, step["scriptInterpreter"].text)
        if start is None:
            said = step["scriptInterpreter"].text or node.text.partition("\n")[0]
            raise self.out(node.line, f"Nobody knows how “{said}” is given a text.", "Save its script as a file.")
        if is_shell(start):
            return start, self._filled(node, _IN_SCRIPT)
        if match := _IN_SCRIPT.search(node.text):
            line = node.at(node.text.count("\n", 0, match.start()))
            why = f"“{match[2]}” stands in the text of a program, of which a value would become a part."
            raise self.out(line, why, f"Read $RD_OPTION_{plain_name(match[2]).upper()} there.")
        return start, self._variables(node.text)

    def _file(self, step: Node) -> str:
        words = [step["scriptInterpreter"].text, self._filled(step["scriptfile"], _IN_EXEC), self._arguments(step)]
        given = [f'RD_OPTION_{plain_name(name).upper()}="${one.variable}"' for name, one in self.options.items()]
        return " ".join(word for word in [*given, *words] if word)

    def _arguments(self, step: Node) -> str:
        node = step["args"]
        behind = replace(node, value=f": {node.text}")  # no first word: that would be a program
        return self._filled(behind, _IN_EXEC).removeprefix(": ") if node.text else ""

    def _variables(self, text: str) -> str:
        """RD_OPTION_X is called otherwise here."""
        known = {plain_name(name).upper(): one.variable for name, one in self.options.items()}
        return _VARIABLE.sub(lambda match: known.get(match[1], match[0]), text)

    def _filled(self, node: Node, holes: re.Pattern[str]) -> str:
        unquoted: set[str] = set()

        def meant(match: re.Match[str]) -> Hole | None:
            kind, name = match[1], match[2]
            if kind not in _CONTEXTS and kind.removeprefix("unquoted") not in _CONTEXTS:
                return None
            option = self.options.get(name) if kind in _OPTIONS else None
            if option is None:
                line = match.string.count("\n", 0, match.start())
                raise Unsafe(line, f"“{match[0]}” is nothing that is known here.", "Write what it stands for.")
            if kind == "unquotedoption":
                unquoted.add(option.variable.lower())
            empty = option.param is not None and option.param.required is False
            return Hole(option.variable.lower(), empty=empty)

        try:
            made = rewritten(node.text, holes, meant)
        except Unsafe as error:
            raise self.out(node.at(error.line), error.what, error.do) from None
        for name, line in made.bare:
            if name in unquoted:
                what = f"“{name}” could be several words, and is one here whatever it holds."
                self.tell(node.at(line), what, "If it meant several, write a script that takes it apart.")
        for name, line in made.json:
            what = f"“{name}” stands in JSON, which a quote in it would break."
            self.tell(node.at(line), what, "Give it a “pattern” without quotes.")
        return self._variables(made.text)

    # -- what is beside them

    def _timeout(self) -> float | str | None:
        node = self.job["timeout"]
        if not node.text:
            return None
        parts = re.findall(r"(\d+)\s*([dhms]?)[a-z]*", node.text)
        seconds = sum(int(number) * _SECONDS[unit] for number, unit in parts)
        if not seconds or "$" in node.text:
            self.tell(node.line, f"Its time limit is not taken: {node.text}", "Write it as “timeout”.")
            return None
        return f"{seconds // 60} min" if seconds % 60 == 0 else seconds

    def _schedule(self) -> Iterator[Timed]:
        node = self.job["schedule"]
        if not node:
            return
        times = _quartz(node)
        zone = self.job["timeZone"].text
        why = beyond_cron(times)
        if self.job["nodefilters"]:
            why = "it ran on other nodes"
        if self.job["scheduleEnabled"].truth is False or self.job["executionEnabled"].truth is False:
            why = "it is switched off there"
        written = "  ".join(filter(None, (in_cron(times), zone, f"(Quartz: {times})")))
        yield timed(in_cron(times), zone, written=written, why=why, from_on=True, either_day=False, line=node.line)

    def _beside(self) -> Iterator[Left]:
        job = self.job
        for key, (what, do) in _TOLD.items():
            if job[key]:
                yield Left(job[key].line, f"{what} (“{self.name}”).", do)
        filters = job["nodefilters"]
        if where := filters["filter"].text or ", ".join(
            f"{key}: {one.text}" for key, one in filters.table.items() if one.text
        ):
            do = "Let its command go there, by ssh with a script, or serve it there."
            yield Left(filters.line, f"“{self.name}” ran on the nodes “{where}”; here it runs on the server.", do)
        if job["executionEnabled"].truth is False:
            yield Left(
                job["executionEnabled"].line, f"“{self.name}” was switched off.", "Leave it out, if nobody needs it."
            )


def _example(parts: list[str]) -> str:
    moment = {"YYYY": "2026", "YY": "26", "MM": "11", "M": "11", "DD": "23", "D": "23", "HH": "09", "H": "9"}
    moment |= {"hh": "09", "h": "9", "mm": "42", "m": "42", "ss": "07", "s": "7", "SSS": "000", "A": "AM", "a": "am"}
    return "".join({**moment, "Z": "+01:00"}.get(part) or part.strip("[]") or part for part in parts)


def _quartz(node: Node) -> str:
    """The times as one text, of whatever form they are written in."""
    if text := node["crontab"].text or node.text:
        return text
    time, month, day = node["time"], node["month"], node["weekday"]
    days = day["day"].text or day.text
    return " ".join(
        (
            time["seconds"].text or "0",
            time["minute"].text or "0",
            time["hour"].text or "*",
            node["dayofmonth"]["day"].text or ("?" if days else "*"),
            month["month"].text or month.text or "*",
            days or "?",
            node["year"]["year"].text or node["year"].text or "*",
        )
    )
