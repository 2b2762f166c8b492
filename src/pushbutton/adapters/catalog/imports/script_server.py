"""A runner of script-server: a JSON file with a script and its parameters."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from pushbutton.adapters.catalog.model import slug_of
from pushbutton.describe.title import title_of

from .kind import Draft, Left, Param, Source, Task, literal
from .names import Names, plain_name
from .tree import Node, read_json
from .values import IPV4, IPV6, pattern

__all__ = ["read"]

_DEPENDS = re.compile(r"\$\{[^}]+\}")
_FLAG = re.compile(r"-[^\s{}=]+")
_ADDRESSES: Mapping[str, tuple[str, str]] = {
    "ip4": (IPV4, "An address such as 10.4.0.21."),
    "ip6": (IPV6, "An address such as fd00::21."),
    "ip": (f"{IPV4}|{IPV6}", "An address such as 10.4.0.21 or fd00::21."),
}
_BY_HAND = "The script has to do without, or ask for it itself."
_TOLD: Mapping[str, tuple[str, str]] = {
    "include": ("What another file says of it is not taken (include)", "Write those inputs here, too."),
    "output_files": ("Files that it offers are not taken", "Hand them over with: pushbutton artifact FILE."),
    "preload_script": ("What ran when the page was opened is not taken", "Make it a task of its own."),
    "hidden": ("It was hidden, and is shown here", "Give rights to those who may see it."),
    "kill_on_disconnect": ("It goes on when nobody looks any more", "Press “Stop”, or give it a “timeout”."),
    "scheduling": ("People could schedule it", "A press can wait for a moment: see “at” of pushbutton press."),
    "logging": ("How its log is named is not taken", "What a run says is kept with the run."),
}
"""Keys that are told where they say something: what is not taken, and what to do."""


def read(source: Source) -> Draft:
    tree = read_json(source)
    script = tree["script_path"]
    if not tree.is_table or not (script.is_text and script.text.strip()):
        raise source.wrong("It is no runner of script-server: a table with “script_path” and “parameters”.", tree.line)
    return _Runner(source, tree).draft()


class _Runner:
    def __init__(self, source: Source, tree: Node) -> None:
        self._source, self._tree = source, tree
        self._left: list[Left] = []
        self._names = Names()
        self._params: list[Param] = []
        self._seen: set[str] = set()
        self._command: list[str | tuple[str, ...]] = []

    def draft(self) -> Draft:
        tree = self._tree
        name = tree["name"].text or title_of(PurePath(self._source.name).stem)
        try:
            words = shlex.split(tree["script_path"].text)
        except ValueError:
            sentence = "“script_path” has a quote that is not closed."
            raise self._source.wrong(sentence, tree["script_path"].line) from None
        self._command += [literal(word) for word in words]
        for one in tree["parameters"]:
            self._parameter(one)
        cwd = tree["working_directory"].text
        if (cwd and not cwd.startswith(("/", "~"))) or (not cwd and "/" in words[0] and not words[0].startswith("/")):
            key = "working_directory" if cwd else "script_path"
            self._tell(
                tree[key], f"“{tree[key].text}” was seen from where script-server runs.", "Write a whole path as “cwd”."
            )
        for key, (what, do) in _TOLD.items():
            if tree[key] and tree[key].truth is not False and tree[key]["enabled"].truth is not False:
                self._tell(tree[key], f"{what}.", do)
        task = Task(
            name=name,
            command=tuple(self._command),
            line=tree.line,
            params=tuple(self._params),
            help=tree["description"].text,
            group=tree["group"].text,
            cwd=cwd,
            tty=tree["requires_terminal"].truth is not False,
        )
        self._allowed(tree["allowed_users"], task)
        self._allowed(tree["access"]["allowed_users"], task)
        return Draft((task,), tuple(self._left))

    def _tell(self, node: Node, what: str, do: str) -> None:
        self._left.append(Left(node.line, what, do))

    def _allowed(self, users: Node, task: Task) -> None:
        for one in [users, *users]:
            who = one.text.strip()
            if re.fullmatch(r"[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*", who):
                self._tell(one, f"An address has no rights here: {who}.", "Let people sign in, and give them theirs.")
            elif who and who != "*":
                name = f"group:{who[1:]}" if who.startswith("@") else f"user:{who}"
                self._tell(
                    one,
                    f"Who may press it is said to the server, not in a file: {who}.",
                    f"Say: pushbutton user give {name} presser --where task:{slug_of(task.name)}",
                )

    def _parameter(self, node: Node) -> None:
        name, kind = node["name"].text, node["type"].text or "text"
        if node["constant"].truth:
            self._constant(node)
            return
        if not name:
            self._tell(node, "A parameter without a name is not taken.", "Write it by hand.")
            return
        if name in self._seen:
            self._tell(node, f"A second parameter “{name}” is not taken.", "Give it another name.")
            return
        self._seen.add(name)
        if node["pass_as"].text == "stdin":
            self._tell(node, f"“{name}” was typed while the script ran; a job has nobody who types.", _BY_HAND)
            return
        if node["secure"].truth:
            self._secret(node, name)
            return
        only_env = node["pass_as"].text == "env_variable"
        variable = node["env_var"].text
        ours = self._names.of(variable if only_env and variable else name)
        if only_env:
            self._check_variable(node, ours, variable or f"PARAM_{plain_name(name).upper()}")
        elif variable:
            self._tell(node["env_var"], f"“{name}” comes as an argument only, and not as ${variable} too.", _BY_HAND)
        if node["no_value"].truth:
            self._flag(node, name, ours, only_env=only_env)
            return
        made = self._valued(node, name, ours, kind)
        self._params.append(made if only_env else self._passed(node, made))

    def _constant(self, node: Node) -> None:
        default = node["default"]
        if node["no_value"].truth:
            if default.truth and node["param"].text:
                self._command.append(literal(node["param"].text))
        elif default.is_table or _DEPENDS.search(default.text) or default.text.startswith("$$"):
            self._tell(
                default, f"“{node['name'].text}” has a value that only script-server knows: {default.text}.", _BY_HAND
            )
        elif default:
            if node["same_arg_param"].truth:
                self._command.append(literal(node["param"].text + default.text))
            else:
                self._command += [literal(word.text) for word in (node["param"], default) if word.text]

    def _secret(self, node: Node, name: str) -> None:
        variable = node["env_var"].text
        ours = self._names.of(variable or f"PARAM_{name}")
        self._check_variable(node, ours, variable or f"PARAM_{plain_name(name).upper()}")
        if node["pass_as"].text != "env_variable":
            self._tell(
                node["param"] or node,
                f"“{name}” is a secret, and everybody on the machine can read a command line.",
                f"Let the script read it from ${ours.upper()}.",
            )
        label = name if ours != plain_name(name) else ""
        self._params.append(Param(ours, type="secret", label=label, **self._common(node)))

    def _check_variable(self, node: Node, ours: str, wanted: str) -> None:
        if ours.upper() != wanted:
            what = f"“{node['name'].text}” comes as ${ours.upper()}, and not as ${wanted}."
            self._tell(node["env_var"] or node, what, "Let the script read that.")

    def _flag(self, node: Node, name: str, ours: str, *, only_env: bool) -> None:
        flag = node["param"].text
        on = bool(node["default"].truth)
        made = Param(ours, type="bool", label=name, help=node["description"].text, default=on or None)
        if only_env or not flag:
            self._params.append(made)
        elif _FLAG.fullmatch(flag):
            self._command.append(f"{{{ours}}}")
            self._params.append(Param(ours, "bool", label=name, help=made.help, default=made.default, flag=flag))
        else:  # a word that is no option
            choices = {flag: name}
            default = flag if on else None
            self._command.append(f"{{{ours}}}")
            self._params.append(
                Param(ours, label=name, help=made.help, required=False, choices=choices, default=default)
            )

    def _common(self, node: Node) -> dict[str, Any]:
        required = node["required"].truth is True
        has_default = bool(node["default"])
        return {
            "help": node["description"].text,
            "required": None if required and not has_default else required,
        }

    def _valued(self, node: Node, name: str, ours: str, kind: str) -> Param:
        given: dict[str, Any] = {"label": name, **self._common(node)}
        default = node["default"]
        if default.is_table or default.text.startswith("$$") or _DEPENDS.search(default.text):
            self._tell(default, f"The default of “{name}” was worked out by script-server.", "It begins empty here.")
            default = Node(None, node.line)
        values = node["values"]
        if kind == "int":
            given |= {"type": "int", "default": default.whole, "min": node["min"].number, "max": node["max"].number}
        elif kind == "file_upload":
            given |= {"type": "file"}
        elif kind in ("list", "multiselect") and values.is_list:
            given |= self._offered(node, name, kind, default)
        elif kind in ("list", "multiselect") and self._asks(values):
            given |= {"choices_from": ("sh", "-c", values["script"].text)}
            given |= {"type": "choices"} if kind == "multiselect" else {}
            given["default"] = default.text or None
        else:
            given |= self._text(node, name, kind, default)
        return Param(ours, **given)

    def _asks(self, values: Node) -> bool:
        return bool(values["script"].text) and not _DEPENDS.search(values["script"].text)

    def _offered(self, node: Node, name: str, kind: str, default: Node) -> dict[str, Any]:
        shown = node["values_ui_mapping"]
        choices = {one.text: shown[one.text].text for one in node["values"] if one.text}
        several = kind == "multiselect"
        wanted = [one.text for one in default] if default.is_list else [default.text] if default.text else []
        wanted = wanted[0].split(node["separator"].text or ",") if several and len(wanted) == 1 else wanted
        kept = [one for one in wanted if one in choices]
        if kept != wanted:
            self._tell(default, f"The default of “{name}” is none of its values.", "It begins empty here.")
        return {
            "choices": choices,
            "type": "choices" if several else "",
            "default": (tuple(kept) if several else kept[0]) if kept else None,
        }

    def _text(self, node: Node, name: str, kind: str, default: Node) -> dict[str, Any]:
        found: dict[str, Any] = {"default": default.text or None, "max_length": node["max_length"].whole}
        regex = node["regex"]
        if kind in _ADDRESSES:
            found["pattern"], found["pattern_text"] = _ADDRESSES[kind]
        elif said := (regex["pattern"].text or regex.text):
            found["pattern"] = pattern(said, regex.line, name, self._left)
            found["pattern_text"] = regex["description"].text if found["pattern"] else ""
        if kind == "multiline_text":
            found["multiline"] = True
        if kind in ("list", "multiselect", "editable_list"):
            known = ", ".join(one.text for one in node["values"])
            what = f"“{name}” is a text here{f': what was offered is {known}' if known else ''}."
            do = "Write “choices”, or a program that tells them as “choices_from”."
            self._tell(node["values"] or node, what, do)
        if kind == "server_file":
            what = f"“{name}” was one of the files in {node['file_dir'].text}; here it is a text."
            self._tell(node, what, "Write a program that lists them as “choices_from”.")
        return found

    def _passed(self, node: Node, made: Param) -> Param:
        """The input as it is passed; its place in the command is behind what is there."""
        flag, hole = node["param"].text, f"{{{made.name}}}"
        together = node["same_arg_param"].truth is True
        many = node["multiselect_argument_type"].text if made.type == "choices" else ""
        if many in ("repeat_param_value", "argument_per_value"):
            self._command.append(hole)
            return self._several(node, made, flag, many)
        if made.type == "choices" and (separator := node["separator"].text or ",") != ",":
            what = f"The values of “{made.label}” come with “,” between them, and not with “{separator}”."
            self._tell(node["separator"], what, "Let the script take them apart there.")
        if flag and together:
            self._command.append(literal(flag) + hole)
        else:
            self._command.append((literal(flag), hole) if flag else hole)
        return made

    def _several(self, node: Node, made: Param, flag: str, many: str) -> Param:
        if not flag or many == "argument_per_value":
            return replace(made, flag=flag, words="*")
        if not node["same_arg_param"].truth:
            what = f"“{flag}” and its value are one word here."
            self._tell(node, what, f"A script that knows no “{flag}=value” has to learn it.")
        return replace(made, flag=flag, repeat=True)
