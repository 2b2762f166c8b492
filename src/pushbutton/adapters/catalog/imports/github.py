"""A workflow of GitHub that people start by hand: a task for each job, which goes through its steps in a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from shlex import quote

from pushbutton.describe.title import title_of
from pushbutton.job.kinds import is_variable

from .conditions import Condition, Every, in_shell, read_condition
from .kind import Draft, Left, Param, Source, Task, Timed, literal
from .names import Names, plain_name
from .pipeline import Step, joined_steps, one_word
from .place import beside
from .shell_text import Hole, Unsafe, assigned, rewritten, used
from .times import timed
from .tree import Node, read_yaml

__all__ = ["read"]

_HOLE = re.compile(r"\$\{\{(?P<code>.{0,1000}?)\}\}", re.DOTALL)
_DOTTED = re.compile(
    r"(?P<of>github\.event\.inputs|inputs|secrets|env|vars)(?:\.(?P<name>[\w-]+)|\['(?P<key>[^']+)'\])"
)
_EITHER = re.compile(r"(?P<test>.+)&&\s*'(?P<yes>[^']*)'\s*\|\|\s*'(?P<no>[^']*)'", re.DOTALL)
_WORD = re.compile(r"[\w@%+=:,./-]*")
_EVENT = "github.event_name"
_OWN_FILES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE")
_NOT_TAKEN: Mapping[str, tuple[str, str]] = {
    "container": ("The container of the job is not taken.", "Begin the command with docker run, or what you have."),
    "services": ("Services beside the job are not taken.", "Start them otherwise."),
    "strategy": ("The matrix is not taken.", "Make what it varies an input, or write a task for each."),
    "environment": ("The environment of the job is not taken.", "Add “approvals”, if somebody has to say yes there."),
    "outputs": ("Outputs of the job are not taken.", ""),
}


def read(source: Source) -> Draft:
    tree = read_yaml(source)
    jobs, on = tree["jobs"], tree["on"]
    if not jobs.is_table or not jobs.table or on.value is None:
        raise source.wrong("It is no workflow of GitHub: “on:” and “jobs:” would stand in it.")
    if not ("workflow_dispatch" in on or "workflow_dispatch" in [on.text, *(one.text for one in on)]):
        raise source.wrong("Nobody starts it by hand: it has no “workflow_dispatch”.", on.line)
    tasks: list[Task] = []
    left: list[Left] = []
    secrets: dict[str, str] = {}
    if tree["run-name"]:
        left.append(
            Left(tree["run-name"].line, "The name of a run is not taken.", "Its page shows what was filled in.")
        )
    called = tree["name"].text or title_of(PurePath(source.name).stem.replace("-", "_"))
    for key, job in jobs.table.items():
        name = called if len(jobs.table) == 1 else f"{called}: {_of_one(job['name'].text) or title_of(key)}"
        reader = _Job(source, tree, job, left)
        if (task := reader.task(name, alone=len(jobs.table) == 1)) is not None:
            tasks.append(task)
        secrets |= reader.secrets
    return Draft(tuple(tasks), tuple(dict.fromkeys(left)), secrets)


def _of_one(name: str) -> str:
    return "" if "${{" in name else name


class _Job:
    def __init__(self, source: Source, tree: Node, job: Node, left: list[Left]) -> None:
        self._source, self._tree, self._job, self._left = source, tree, job, left
        self._inputs = tree["on"]["workflow_dispatch"]["inputs"].table
        texts = "\n".join(_HOLE.sub("", step["run"].text) for step in job["steps"])
        self._names = Names(assigned(texts) | used(texts))
        self._called = {name: self._names.of(name) for name in self._inputs}
        self._used: set[str] = set()
        self._env: dict[str, str] = {}
        self._named: dict[str, str] = {}  # named secrets, and the variable of each
        self._before: list[str] = []  # what goes before the text of the step that is read
        self.secrets: dict[str, str] = {}

    def task(self, name: str, *, alone: bool) -> Task | None:
        job = self._job
        if job["uses"]:
            what = f"The job is another workflow: {job['uses'].text}"
            self._left.append(Left(job["uses"].line, what, "Import that workflow by itself."))
            return None
        around = self._condition(job["if"], "The job")
        if around is None:
            return None
        variables = {**self._variables(self._tree["env"]), **self._variables(job["env"])}
        steps = [step for one in job["steps"] if (step := self._step(one, around, variables)) is not None]
        if not steps:
            self._left.append(Left(job.line, f"The job “{name}” is left out: no step of it is run by a shell here."))
            return None
        for key, (what, do) in _NOT_TAKEN.items():
            if job[key]:
                self._left.append(Left(job[key].line, what, do))
        if needs := [one.text for one in (job["needs"] if job["needs"].is_list else [job["needs"]]) if one.text]:
            what = f"The job “{name}” waited for {', '.join(needs)}; here each is pressed by itself."
            self._left.append(Left(job["needs"].line, what))
        minutes = job["timeout-minutes"].number
        shells = {self._shell(one) for one in job["steps"] if one["run"]}
        params = tuple(self._params(alone=alone))
        return Task(
            name,
            ("sh" if shells == {"sh"} else "bash", "-c", literal(joined_steps(steps))),
            job.line,
            params=params,
            cwd=beside(self._source, ".github/workflows"),
            env=self._env,
            timeout=minutes * 60 if minutes and minutes > 0 else None,
            at_once=1 if self._alone(job) else None,
            secrets=self._named,
            schedules=tuple(self._schedules(params)),
        )

    def _schedules(self, params: Sequence[Param]) -> Iterator[Timed]:
        job, why = self._job, ""
        if any(param.default for param in params):
            why = "there its inputs have no defaults when nobody presses it"
        elif any(_EVENT in node.text for node in (job["if"], *(step["if"] for step in job["steps"]))):
            why = f"its steps ask for {_EVENT}, and here are those of a press by hand"
        elif job["needs"]:
            why = "it waited for other jobs"
        elif job["environment"]:
            why = "somebody may have had to say yes to its environment"
        for one in self._tree["on"]["schedule"]:
            zone = one["timezone"].text or "UTC"
            yield timed(one["cron"].text, zone, why=why, from_on=True, line=one["cron"].line)

    def _alone(self, job: Node) -> bool:
        """Whether there is one run at a time."""
        found = [one["concurrency"] for one in (self._tree, job) if one["concurrency"]]
        for one in found:
            group = one["group"].text or one.text
            if any(_DOTTED.fullmatch(match["code"].strip()) for match in _HOLE.finditer(group)):
                what = f"One run at a time was allowed for each “{group}”; here it is one at all."
                self._left.append(Left(one.line, what, "Take “at_once” away, if they may go side by side."))
        return bool(found)

    # -- inputs

    def _params(self, *, alone: bool) -> Iterator[Param]:
        for name, node in self._inputs.items():
            if alone or name in self._used:
                yield self._param(name, node)

    def _param(self, name: str, node: Node) -> Param:
        kind, default = node["type"].text, node["default"]
        plain = Param(self._called[name], label=title_of(plain_name(name)), help=node["description"].text)
        needed = node["required"].truth is True
        if kind == "choice":
            choices = {one.text: "" for one in node["options"] if one.text}
            first = default.text if default.text in choices else None
            required = None if first else needed
            return replace(plain, choices=choices, default=first, required=required) if choices else plain
        if kind == "boolean":
            return replace(plain, type="bool", default=True if default.truth else None)
        if _says_yes_or_no(node):
            what = f"“{name}” was a text that is “{default.text}” by itself; here it says yes or no."
            self._left.append(Left(node.line, what, "Make it a text again, if it may be something else."))
            return replace(plain, type="bool", default=True if default.text == "true" else None)
        if kind == "number":
            number = default.number
            of_kind = "float" if isinstance(number, float) else "int"
            return replace(plain, type=of_kind, default=number, required=None if number is not None else needed)
        if kind == "environment":
            what = f"The environments that “{name}” could be are not in the file."
            self._left.append(Left(node.line, what, "Write them down as “choices”."))
        text = default.text or None
        return replace(plain, default=text, multiline=bool(text and "\n" in text), required=None if text else needed)

    # -- steps

    def _condition(self, node: Node, what: str) -> list[Condition] | None:
        """None: only GitHub knows when it is so, which is said."""
        text = node.text.strip()
        match = re.fullmatch(r"\$\{\{(.*)\}\}", text, re.DOTALL)
        text = (match[1] if match else text).strip()
        if text in ("", "success()"):
            return []
        found = read_condition(text, self._asked)
        if found is None:
            said = f"{what} is left out: only GitHub knows when “{text.splitlines()[0]}” is so."
            self._left.append(Left(node.line, said, "Write that task by hand, or make it a condition of inputs alone."))
            return None
        return [found]

    def _step(self, one: Node, around: Sequence[Condition], variables: Mapping[str, str]) -> Step | None:
        """None: it is left out, which is said."""
        name = _of_one(one["name"].text)
        if one["uses"]:
            self._uses(one["uses"])
            return None
        if not one["run"]:
            self._left.append(Left(one.line, "This step does nothing that is known here, and is left out."))
            return None
        if self._shell(one) not in ("bash", "sh"):
            what = f"A step is left out: {self._shell(one)} reads it."
            self._left.append(Left(one["run"].line, what, "Write it as a script, and name that in “command”."))
            return None
        own = self._condition(one["if"], "A step")
        if own is None:
            return None
        conditions = [*around, *own]
        self._before = []
        line = _text_line(self._source, one["run"])
        try:
            found = rewritten(one["run"].text, _HOLE, lambda match: self._hole(match["code"].strip()))
        except Unsafe as error:
            self._left.append(Left(line + error.line, f"A step is left out: {error.what}", error.do))
            return None
        texts = {
            self._called[key]
            for key, node in self._inputs.items()
            if node["type"].text in ("", "string", "environment") and not _says_yes_or_no(node)
        }
        self._left += one_word(found, texts, line)
        for file in _OWN_FILES:
            if file in found.text:
                self._left.append(Left(line, f"A step writes to ${file}, which only GitHub has.", "Change that step."))
        only_if = in_shell(Every(tuple(conditions)), self._variable, self._yes_no) if conditions else ""
        return Step(
            "\n".join([*self._before, found.text]),
            name,
            only_if.removeprefix("{ ").removesuffix("; }") if len(conditions) == 1 else only_if,
            {**variables, **self._variables(one["env"], own=True)},
            self._said(one, "working-directory").text,
            "set -eo pipefail" if self._said(one, "shell").text == "bash" else "",
        )

    def _uses(self, node: Node) -> None:
        if node.text.startswith("actions/checkout@"):
            what, do = f"“{node.text}” is not taken: the job starts in “cwd”, where the files are.", ""
        else:
            what, do = f"“{node.text}” is a step that only GitHub has, and left out.", "Do it in a script."
        self._left.append(Left(node.line, what, do))

    def _said(self, step: Node, key: str) -> Node:
        places = (step, self._job["defaults"]["run"], self._tree["defaults"]["run"])
        return next((place[key] for place in places if place[key]), Node(None, step.line))

    def _shell(self, step: Node) -> str:
        words = self._said(step, "shell").text.split()
        return PurePath(words[0]).name if words else "bash"

    # -- what is filled in

    def _hole(self, code: str) -> Hole:
        """Raises `Unsafe`, with the line in the text."""
        match = _DOTTED.fullmatch(code)
        name = (match["name"] or match["key"]) if match else ""
        if match and match["of"] in ("inputs", "github.event.inputs") and name in self._inputs:
            self._used.add(name)
            node = self._inputs[name]
            return Hole(self._called[name], number=node["type"].text == "number")
        if match and match["of"] == "secrets" and name != "GITHUB_TOKEN":
            return Hole(self._secret(name, name).lower())
        if match and match["of"] == "env" and name == name.upper() and self._set(name):
            return Hole(name.lower())
        if (either := _EITHER.fullmatch(code)) and (found := self._either(either)) is not None:
            return found
        raise Unsafe(0, f"what “{code}” is, only GitHub knows.", "Make it an input, or write it down.")

    def _either(self, match: re.Match[str]) -> Hole | None:
        """`inputs.x && 'one' || 'other'`, where both are plain words: the shell chooses before the step."""
        condition = read_condition(match["test"], self._asked)
        if (
            condition is None
            or not match["yes"]
            or not (_WORD.fullmatch(match["yes"]) and _WORD.fullmatch(match["no"]))
        ):
            return None
        test = in_shell(condition, self._variable, self._yes_no)
        name = self._names.of(f"either {match['yes']} or {match['no']}")
        self._before.append(
            f"if {test}; then {name.upper()}={quote(match['yes'])}; else {name.upper()}={quote(match['no'])}; fi"
        )
        return Hole(name, empty=True)

    def _set(self, name: str) -> bool:
        return any(name in one["env"] for one in (self._tree, self._job, *self._job["steps"]))

    def _asked(self, word: str) -> str | None:
        """The meaning of a word in a condition: an input, or how the workflow was started."""
        if word == _EVENT:
            self._env["GITHUB_EVENT_NAME"] = "workflow_dispatch"
            return _EVENT
        match = _DOTTED.fullmatch(word)
        if match and match["of"] in ("inputs", "github.event.inputs") and match["name"] in self._inputs:
            self._used.add(match["name"])
            return match["name"]
        return None

    def _variable(self, name: str) -> str:
        return "GITHUB_EVENT_NAME" if name == _EVENT else self._called[name].upper()

    def _yes_no(self, name: str) -> bool:
        return name in self._inputs and self._inputs[name]["type"].text == "boolean"

    def _variables(self, node: Node, *, own: bool = False) -> dict[str, str]:
        """Of an `env:`, as words of a shell. What is plain goes into the task's own, unless it is a step's `own`."""
        found: dict[str, str] = {}
        for name, value in node.table.items():
            if not is_variable(name):
                self._left.append(Left(value.line, f"“{name}” cannot be the name of a variable here."))
                continue
            secret = re.fullmatch(r"\s*\$\{\{\s*secrets\.(\w+)\s*\}\}\s*", value.text)
            if secret and secret[1] != "GITHUB_TOKEN":
                if (variable := self._secret(secret[1], name)) != name:
                    found[name] = f'"${variable}"'
            elif "${{" not in value.text and not own:
                self._env[name] = value.text
            else:
                try:
                    found[name] = self._word(value.text)
                except Unsafe as error:
                    said = f"The variable {name} is not taken: {error.what}"
                    self._left.append(Left(value.line, said, "Add it to “env”, or as an input."))
        return found

    def _word(self, text: str) -> str:
        """With what is filled in as the shell's own variables, between double quotes."""
        parts, before = [], 0
        for match in _HOLE.finditer(text):
            parts += [_escaped(text[before : match.start()]), f"${{{self._hole(match['code'].strip()).variable}}}"]
            before = match.end()
        return f'"{"".join([*parts, _escaped(text[before:])])}"'

    def _secret(self, name: str, variable: str) -> str:
        """The variable in which the steps find it: the first that asks names it."""
        called = plain_name(name)
        called = f"secret_{called}" if called[:1].isdigit() else called
        self.secrets.setdefault(called, f"GitHub keeps it as “{name}”.")
        return self._named.setdefault(called, variable)


def _says_yes_or_no(node: Node) -> bool:
    """Whether an input without a type is “true” or “false” by itself, as a text."""
    return not node["type"] and node["default"].is_text and node["default"].text in ("true", "false")


def _escaped(text: str) -> str:
    return re.sub(r'(["$`\\])', r"\\\1", text)


def _text_line(source: Source, node: Node) -> int:
    """Where the text begins: behind “|” or “>” on the next line."""
    lines = source.text.split("\n")
    written = lines[node.line - 1] if node.line <= len(lines) else ""
    return node.line + bool(re.search(r"run\s*:\s*[|>][-+\d]*\s*(?:#.*)?$", written))
