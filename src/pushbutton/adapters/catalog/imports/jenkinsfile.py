"""A Jenkinsfile that declares its pipeline: its parameters, its steps in a shell, and what stands around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .groovy import Code, Statement, Text, Value, read_groovy

__all__ = ["Around", "Jenkinsfile", "Parameter", "Step", "Variable", "read_jenkinsfile"]

_KINDS = {
    "string": "str",
    "text": "text",
    "booleanParam": "bool",
    "choice": "choice",
    "password": "secret",
    "credentials": "credentials",
    "file": "file",
    "base64File": "file",
    "stashedFile": "file",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    kind: str
    name: str
    line: int
    help: str = ""
    default: str | bool | None = None
    choices: tuple[str, ...] = ()
    computed: str = ""  # what of it only Jenkins knows: “choices”, “default”


@dataclass(frozen=True, slots=True)
class Variable:
    """One of `environment { … }`."""

    name: str
    line: int
    value: Text | None = None
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """The surroundings of a step. `when`: the conditions of its stages, as they are written, with their lines."""

    stage: str = ""
    when: tuple[tuple[int, str], ...] = ()
    variables: tuple[Variable, ...] = ()
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """`sh`."""

    line: int
    script: Text
    around: Around = Around()


@dataclass(slots=True)
class Jenkinsfile:
    declared: bool = False  # it has a `pipeline { … }`
    parameters: list[Parameter] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    schedules: list[tuple[int, str]] = field(default_factory=list)
    timeout: int = 0  # seconds
    questions: list[tuple[int, Text]] = field(default_factory=list)  # what `input` asks on the way
    alone: int = 0  # the line that says that there is one build at a time
    left: list[tuple[int, str, str]] = field(default_factory=list)  # (line, what, the part that it stands in)


def read_jenkinsfile(text: str) -> Jenkinsfile:
    """Raises `ValueError`: (a sentence, the line)."""
    code = read_groovy(text)
    found = Jenkinsfile()
    for statement in code.statements:
        if statement.name == "pipeline" and statement.block:
            found.declared = True
            _pipeline(statement.block, found)
        else:
            _scripted(statement, found)
    return found


def _pipeline(code: Code, found: Jenkinsfile) -> None:
    variables: tuple[Variable, ...] = ()
    for part in code.statements:
        if part.name == "environment" and part.block:
            variables = tuple(_variables(part.block, found))
    for part in code.statements:
        inner = part.block.statements if part.block else ()
        if part.name == "parameters":
            for one in inner:
                _parameter(one, found)
        elif part.name == "triggers":
            _triggers(inner, found)
        elif part.name == "options":
            _options(inner, found)
        elif part.name == "stages":
            for stage in inner:
                _stage(stage, Around(variables=variables), found)
        elif part.name not in ("environment", "agent"):
            found.left.append((part.line, part.name, "pipeline"))


def _parameter(one: Statement, found: Jenkinsfile) -> None:
    name = _plain(one.value("name"))
    kind = _KINDS.get(one.name, "")
    if not kind or not name:
        found.left.append((one.line, one.name or "what stands here", "parameters"))
        return
    told = _plain(one.value("description")) or ""
    given = one.value("defaultValue")
    default = given if isinstance(given, bool) else _plain(given)
    computed = "default" if given is not None and default is None else ""
    choices: tuple[str, ...] = ()
    if kind == "choice":
        choices = _choices(one.value("choices"))
        computed = "choices" if not choices else computed
        default = choices[0] if choices else None
    found.parameters.append(Parameter(kind, name, one.line, told, default, choices, computed))


def _choices(value: Value | None) -> tuple[str, ...]:
    """A list of texts, or one text with a line each; () where only running tells them."""
    if isinstance(value, list):
        texts = [_plain(one) for one in value]
        return tuple(text for text in texts if text is not None) if None not in texts else ()
    text = _plain(value)
    return tuple(line for line in text.split("\n") if line.strip()) if text else ()


def _plain(value: Value | None) -> str | None:
    if isinstance(value, Text):
        return value.plain
    if isinstance(value, float) and not isinstance(value, bool):
        return f"{value:g}"
    return None


def _triggers(statements: tuple[Statement, ...], found: Jenkinsfile) -> None:
    for one in statements:
        text = _plain(one.value())
        if one.name == "cron" and text is not None:
            found.schedules += [(one.line, line.strip()) for line in text.split("\n") if line.strip()]
        else:
            found.left.append((one.line, one.name, "triggers"))


_UNITS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600, "DAYS": 86400}


def _options(statements: tuple[Statement, ...], found: Jenkinsfile) -> None:
    for one in statements:
        time = one.value("time")
        unit = _UNITS.get(_plain(one.value("unit")) or "MINUTES")
        if one.name == "timeout" and isinstance(time, float) and time > 0 and unit:
            found.timeout = int(time * unit)
        elif one.name == "disableConcurrentBuilds":
            found.alone = one.line
        else:
            found.left.append((one.line, one.name, "options"))


def _variables(code: Code, found: Jenkinsfile) -> Iterator[Variable]:
    for one in code.statements:
        value = one.value()
        credential = next((_plain(call.value()) for call in one.calls if call.name == "credentials"), None)
        if one.assigned and credential:
            yield Variable(one.name, one.line, credential=credential)
        elif one.assigned and isinstance(value, Text):
            yield Variable(one.name, one.line, value)
        else:
            found.left.append((one.line, one.name, "environment"))


def _stage(stage: Statement, around: Around, found: Jenkinsfile) -> None:
    around = replace(around, stage=_plain(stage.value()) or "")
    parts = stage.block.statements if stage.block else ()
    for part in parts:
        if part.name == "when" and part.block:
            around = replace(around, when=(*around.when, *_when(part.block, part.line)))
        elif part.name == "environment" and part.block:
            around = replace(around, variables=(*around.variables, *_variables(part.block, found)))
    for part in parts:
        if part.name == "steps" and part.block:
            for one in part.block.statements:
                _step(one, around, found)
        elif part.name in ("stages", "parallel") and part.block:
            if part.name == "parallel":
                found.left.append((part.line, "parallel", "parallel"))
            for inner in part.block.statements:
                _stage(inner, around, found)
        elif part.name not in ("when", "environment", "agent"):
            found.left.append((part.line, part.name, "stage"))


def _when(code: Code, line: int) -> Iterator[tuple[int, str]]:
    """The conditions that all have to hold; one that is no `expression` as it is written."""
    for one in code.statements:
        if one.name == "expression" and one.block:
            yield one.line, one.block.source.strip().removeprefix("return ").strip()
        else:
            yield one.line or line, f"{one.name} …"


def _step(one: Statement, around: Around, found: Jenkinsfile) -> None:
    script = one.value("script") or one.value()
    if one.name == "sh" and isinstance(script, Text):
        found.steps.append(Step(one.line, script, around))
    elif one.name == "input" and isinstance(message := one.value("message") or one.value(), Text):
        found.questions.append((one.line, message))
    elif one.name == "echo" and isinstance(script, Text):
        return  # what it says in Jenkins' log is no work
    elif one.block and (inner := _inside(one, around, found)) is not None:
        for step in one.block.statements:
            _step(step, inner, found)
    else:
        part = "computed" if one.name == "sh" else "windows" if one.name in _WINDOWS else "steps"
        found.left.append((one.line, one.name or "what stands here", part))


_WINDOWS = frozenset({"bat", "powershell", "pwsh"})
_PLAIN_STEPS = frozenset({"sh", "echo", "dir", "withEnv", "withCredentials", "timestamps", "ansiColor"})


def _inside(one: Statement, around: Around, found: Jenkinsfile) -> Around | None:
    """The surroundings of the steps in its block; None: only Jenkins knows what becomes of them."""
    if one.name in ("timestamps", "ansiColor"):
        return around
    if one.name in ("timeout", "retry"):
        found.left.append((one.line, one.name, "around"))
        return around
    if one.name == "script":
        return around if _all_plain(one) else None
    if one.name == "dir" and (folder := _plain(one.value())):
        return replace(around, folder=f"{around.folder}/{folder}" if around.folder else folder)
    if one.name == "withEnv":
        variables = tuple(_assigned(one))
    elif one.name == "withCredentials":
        variables = tuple(_credentials(one))
    else:
        return None
    return replace(around, variables=(*around.variables, *variables)) if variables else None


def _all_plain(one: Statement) -> bool:
    """Whether there is no program in it, only steps one after the other."""
    return all(
        inner.name in _PLAIN_STEPS and not inner.assigned and (inner.block is None or _all_plain(inner))
        for inner in (one.block.statements if one.block else ())
    )


def _assigned(one: Statement) -> Iterator[Variable]:
    """`withEnv(["NAME=value"])`."""
    given = one.value()
    for text in given if isinstance(given, list) else ():
        first, *rest = text.parts if isinstance(text, Text) and text.parts else ("",)
        name, equals, value = first.partition("=") if isinstance(first, str) else ("", "", "")
        if equals:
            yield Variable(name, one.line, Text((value, *rest)))


def _credentials(one: Statement) -> Iterator[Variable]:
    """`withCredentials([string(credentialsId: 'x', variable: 'NAME')])`; () where one of them is of another kind."""
    found = []
    for call in one.calls:
        credential, name = _plain(call.value("credentialsId")), _plain(call.value("variable"))
        if call.name != "string" or not credential or not name:
            return
        found.append(Variable(name, call.line, credential=credential))
    yield from found


def _scripted(statement: Statement, found: Jenkinsfile) -> None:
    """The parameters of a scripted pipeline; its steps are a program."""
    for call in statement.calls:
        if call.name == "parameters":
            for one in call.calls:
                if one.name in _KINDS:
                    _parameter(one, found)
        elif call.name == "cron":
            _triggers((call,), found)
        else:
            _scripted(call, found)
    if statement.block or (statement.name and not statement.calls):
        found.left.append((statement.line, statement.name, "scripted"))
