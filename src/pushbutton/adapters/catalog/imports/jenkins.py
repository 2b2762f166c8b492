"""A Jenkinsfile with a declared pipeline: one task, which goes through its steps in a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from pushbutton.describe.title import title_of
from pushbutton.job.kinds import is_variable

from .conditions import in_shell, read_condition
from .groovy import Hole as Filled
from .groovy import Text
from .jenkinsfile import Jenkinsfile, Parameter, Step, Variable, read_jenkinsfile
from .kind import Draft, Left, Param, Source, Task, Timed, literal
from .limits import SHELLS
from .names import Names, plain_name
from .pipeline import Step as Joined
from .pipeline import joined_steps, one_word
from .place import STANDARD_INPUT, beside
from .shell_text import Hole, Unsafe, assigned, rewritten, used
from .times import timed

__all__ = ["read"]

_CODE = re.compile(r"(?:params\.|env\.)?(\w+)|(?:params|env)\[\s*['\"]([^'\"]+)['\"]\s*\]")
_MARK = re.compile("\ue000(\\d+)\ue001")
_MEANING: Mapping[str, tuple[str, str]] = {
    "pipeline": ("“{}” of the pipeline is not taken.", "Look whether the steps need it."),
    "options": ("The option “{}” is not taken.", ""),
    "triggers": ("The trigger “{}” is not taken.", "Press it from another program; see the API."),
    "parameters": ("“{}” is no parameter that is known here.", "Add an input for it, if the steps need one."),
    "environment": ("What “{}” is, only Jenkins knows.", "Add it to “env”, if the steps need it."),
    "stage": ("“{}” of a stage is not taken.", "Look whether its steps need it."),
    "computed": ("What “{}” runs here, only Jenkins knows, and it is left out.", "Write it down as one text."),
    "windows": ("“{}” is a step for Windows, and left out.", "Do it in a shell's words, or in a script."),
    "around": ("“{}” around steps is not taken: they go once, as long as they take.", ""),
    "parallel": ("Stages that went side by side ({}) go one after the other here.", ""),
    "steps": ("“{}” is a step that only Jenkins has, and left out.", "Do it in a script, and name that in “command”."),
    "scripted": ("“{}” is a part of a program in Groovy, and left out.", "Write its work as a script."),
}


def read(source: Source) -> Draft:
    if source.text.lstrip().startswith("<"):
        raise source.wrong("It is XML, and no Jenkinsfile: name the Jenkinsfile of the job.")
    try:
        found = read_jenkinsfile(source.text)
    except ValueError as error:
        sentence, line = error.args
        raise source.wrong(f"This cannot be read as Groovy: {sentence}.", line) from None
    if not found.declared:
        if not found.parameters:
            raise source.wrong("It is no Jenkinsfile: no “pipeline { … }” is in it.")
        names = ", ".join(one.name for one in found.parameters)
        raise source.wrong(
            f"It is a program in Groovy and no declared pipeline, so that only Jenkins can run it; it asks for {names}."
        )
    reader = _Reader(source, found)
    task = reader.task()
    return Draft((task,) if task else (), tuple(reader.left), reader.secrets)


class _Reader:
    def __init__(self, source: Source, found: Jenkinsfile) -> None:
        self._source, self._found = source, found
        self.left = [Left(line, _MEANING[part][0].format(what), _MEANING[part][1]) for line, what, part in found.left]
        self.secrets: dict[str, str] = {}
        texts = "\n".join(part for one in found.steps for part in one.script.parts if isinstance(part, str))
        asked = {one.name for one in found.parameters}
        self._names = Names((assigned(texts) | used(texts)) - asked)
        self._inputs = {one.name: self._names.of(one.name) for one in found.parameters if one.kind != "credentials"}
        self._kinds = {one.name: one.kind for one in found.parameters}

    def task(self) -> Task | None:
        found = self._found
        params = [param for one in found.parameters if (param := self._param(one)) is not None]
        self._bash = any(self._shell(one) == "bash" for one in found.steps)
        steps = [step for one in found.steps if (step := self._step(one)) is not None]
        if not steps:
            if not found.steps:
                self.left.append(Left(1, "None of its steps is one in a shell (sh), so there is nothing to run."))
            return None
        renamed = [
            f'{one.name}="${self._inputs[one.name].upper()}"; export {one.name}'
            for one in found.parameters
            if one.name in self._inputs and one.name != self._inputs[one.name].upper() and is_variable(one.name)
        ]
        text = "\n".join([*renamed, joined_steps(steps)])
        for line, _ in found.questions:
            what = "It asks whether to go on in the middle of a run; here that is asked before it starts."
            self.left.append(Left(line, what, "Add “approvals”, if somebody else has to say yes."))
        name = PurePath(self._source.name).parent.name if self._source.name != STANDARD_INPUT else ""
        return Task(
            title_of(re.sub(r"\W+", "_", name)) or "Pipeline",
            ("bash" if self._bash else "sh", "-c", literal(text)),
            1,
            params=tuple(params),
            confirm=" ".join(filter(None, (self._question(one) for _, one in found.questions))),
            timeout=found.timeout or None,
            at_once=1 if found.alone else None,
            cwd=beside(self._source),
            secrets=dict(self._secrets()),
            schedules=tuple(self._schedules()),
        )

    def _schedules(self) -> Iterator[Timed]:
        zone = ""
        why = "it asks whether to go on in the middle of a run" if self._found.questions else ""
        for at, line in self._found.schedules:
            if match := re.fullmatch(r"TZ\s*=\s*(\S+)", line):
                zone = match[1]
            elif not line.startswith("#"):
                spread = "only Jenkins knows when that is" if re.search("H|@", line) else ""
                yield timed(line, zone, why=spread or why, either_day=False, line=at)

    # -- parameters

    def _param(self, one: Parameter) -> Param | None:
        """None: it is a named secret."""
        if one.computed:
            do = "Write the choices down, or name a program that prints them with “choices_from”."
            do = do if one.computed == "choices" else "Write a default down, if there is one that never changes."
            self.left.append(Left(one.line, f"The {one.computed} of {one.name} only Jenkins knows.", do))
        if one.kind == "credentials":
            return None
        name, label = self._inputs[one.name], title_of(one.name.lower())
        if one.kind == "bool":
            return Param(name, "bool", label=label, help=one.help, default=True if one.default is True else None)
        if one.kind == "choice" and one.choices:
            return Param(
                name, label=label, help=one.help, default=one.choices[0], choices=dict.fromkeys(one.choices, "")
            )
        if one.kind in ("secret", "file"):
            if one.kind == "secret" and one.default:
                self.left.append(Left(one.line, f"The default of {one.name} is secret, and not taken."))
            if one.kind == "file":
                what = (
                    f"{one.name} comes as a file whose path is in ${name.upper()}, and does not lie beside the steps."
                )
                self.left.append(Left(one.line, what, "Name it so in the steps, or copy it first."))
            return Param(name, one.kind, label=label, help=one.help, required=False)
        default = one.default if isinstance(one.default, str) and one.default else None
        if default and "\n" in default and one.kind != "text":
            default = None
        return Param(
            name,
            label=label,
            help=one.help,
            required=None if default else False,
            default=default,
            multiline=one.kind == "text",
        )

    def _secrets(self) -> Iterator[tuple[str, str]]:
        """Named secrets, and the variables in which the steps find them."""
        for one in self._found.parameters:
            if one.kind == "credentials" and is_variable(one.name):
                default = one.default if isinstance(one.default, str) else ""
                yield self._secret(default or one.name, one.name, one.line), one.name
        for step in self._found.steps:
            for variable in step.around.variables:
                if variable.credential:
                    yield self._secret(variable.credential, variable.name, variable.line), variable.name

    def _secret(self, credential: str, variable: str, line: int) -> str:
        name = plain_name(credential) or plain_name(variable)
        name = f"secret_{name}" if name[:1].isdigit() else name
        if name not in self.secrets:
            self.secrets[name] = f"Jenkins keeps it as “{credential}”."
            what = f"“{credential}” is a secret that Jenkins keeps; the steps find it in ${variable}."
            self.left.append(Left(line, what, f"Keep it here: pushbutton secret set {name}"))
        return name

    # -- steps

    def _step(self, one: Step) -> Joined | None:
        """None: it is left out, which is said."""
        stage = f" of the stage “{one.around.stage}”" if one.around.stage else ""
        conditions = []
        for _, text in one.around.when:
            condition = read_condition(text, self._asked)
            if condition is None:
                what = f"A step{stage} is left out: only Jenkins knows when “{text.splitlines()[0]}” is so."
                self.left.append(Left(one.line, what, "Write it as “params.NAME == 'value'”, or the task by hand."))
                return None
            conditions.append(in_shell(condition, lambda name: self._inputs[name].upper(), self._yes_no))
        shell = self._shell(one)
        if shell not in SHELLS:
            self.left.append(Left(one.line, f"A step{stage} is left out: {shell} reads it.", "Write it as a script."))
            return None
        try:
            text = self._rewritten(one.script, one.line)
            variables = {
                variable.name: self._word(variable)
                for variable in one.around.variables
                if variable.value is not None and is_variable(variable.name)
            }
        except Unsafe as error:
            self.left.append(Left(error.line, f"A step{stage} is left out: {error.what}", error.do))
            return None
        first, _, rest = text.lstrip().partition("\n")
        own = first.startswith("#!")
        return Joined(
            rest if own else text,
            one.around.stage,
            " && ".join(conditions),
            variables,
            one.around.folder,
            "set +e" if own else "",
        )

    @staticmethod
    def _shell(one: Step) -> str:
        """The program that its first line names."""
        first = next((part for part in one.script.parts if isinstance(part, str)), "").lstrip().partition("\n")[0]
        words = [word for word in first.removeprefix("#!").split() if not word.startswith("-")]
        if not first.startswith("#!") or not words:
            return "sh"
        program = PurePath(words[0]).name
        return PurePath(words[1]).name if program == "env" and len(words) > 1 else program

    def _rewritten(self, script: Text, line: int) -> str:
        """Raises `Unsafe`, with the line in the file."""
        filled = [part for part in script.parts if isinstance(part, Filled)]
        names = [self._hole(one) for one in filled]
        numbers = iter(range(len(filled)))
        text = "".join(part if isinstance(part, str) else f"\ue000{next(numbers)}\ue001" for part in script.parts)
        try:
            found = rewritten(text, _MARK, lambda match: names[int(match[1])])
        except Unsafe as error:
            raise Unsafe(line + error.line, error.what, error.do) from None
        texts = {self._inputs[one.name] for one in self._found.parameters if one.kind in ("str", "text")}
        self.left += one_word(found, texts, line)
        return found.text

    def _word(self, variable: Variable) -> str:
        """The value of a variable as one word of a shell."""
        assert variable.value is not None  # noqa: S101 - only those that have one are asked for
        parts = []
        for part in variable.value.parts:
            if isinstance(part, str):
                parts.append(re.sub(r'(["$`\\])', r"\\\1", part))
            else:
                parts.append(f"${{{self._hole(part).variable}}}")
        return f'"{"".join(parts)}"'

    def _hole(self, one: Filled) -> Hole:
        match = _CODE.fullmatch(one.code)
        name = (match[1] or match[2]) if match else ""
        if name in self._inputs:
            return Hole(self._inputs[name])
        own = {variable.name for step in self._found.steps for variable in step.around.variables}
        own |= {param.name for param in self._found.parameters}
        if name in own and name == name.upper():
            return Hole(name.lower())
        raise Unsafe(
            one.line, f"what “${{{one.code}}}” is, only Jenkins knows.", "Make it a parameter, or write it down."
        )

    def _asked(self, word: str) -> str | None:
        name = word.removeprefix("params.").removeprefix("env.")
        return name if name in self._inputs and self._kinds[name] not in ("secret", "file") else None

    def _yes_no(self, name: str) -> bool:
        return self._kinds[name] == "bool"

    def _question(self, text: Text) -> str:
        found = []
        for part in text.parts:
            match = _CODE.fullmatch(part.code) if isinstance(part, Filled) else None
            name = self._asked((match[1] or match[2]) if match else "") if isinstance(part, Filled) else None
            found.append(literal(part) if isinstance(part, str) else f"{{{self._inputs[name]}}}" if name else "…")
        return "".join(found)
