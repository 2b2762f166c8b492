"""Scripts for what a `Plan` says, in the shapes that people write: a function for each shape."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable, Sequence

from corpus_args import Arg, Plan

__all__ = ["HOUSE", "SHAPES"]

HOUSE = '''"""What scripts of the corpus import and no server has: only a real run knows it."""
import argparse
SHOPS = {"north": 1, "south": 2}
WHERE = "cellar"
class Loud(argparse.Action):
    def __call__(self, parser, space, values, option=None):
        setattr(space, self.dest, values)
def common(function):
    return function
'''
"""The module `tillkit`."""

_WORK = """
def work(**values):
    print(json.dumps(values, default=str, sort_keys=True))
"""
_HEADS = (
    '"""Works on {what}."""\n',
    '# Copyright of the bakery. All rights reserved.\n"""{what}.py\n\nWorks on {what}.\n"""\n',
    "# Ida, 2026\n# Works on {what}.\n",
    "",
)
_NOISE = (
    "",
    "def path_of(name):\n    return os.path.join(os.path.dirname(__file__), name)\n",
    "class Till:\n    number = 7\n\n    def move(self, where):\n        return [where] * self.number\n",
    "try:\n    import simplejson\nexcept ImportError:\n    simplejson = None\n",
    "if sys.version_info < (3, 0):\n    sys.exit('Python 3, please')\n",
)


def _script(any_: random.Random, imports: str, body: str, *, first: str = "#!/usr/bin/env python3\n") -> str:
    head = any_.choice(_HEADS).format(what=any_.choice(("tills", "ovens", "shelves")))
    noise = any_.choice(_NOISE)
    return f"{first}{head}import json\nimport os\nimport sys\n{imports}\n{_WORK}\n{noise}\n{body}\n"


def _indent(text: str, by: int = 4) -> str:
    return textwrap.indent(text.rstrip("\n"), " " * by)


# -- argparse


def _argparse_words(arg: Arg) -> str:
    """What stands between the brackets of `add_argument`."""
    words = [repr(arg.name)] if arg.operand else [repr(flag) for flag in (arg.short, arg.long) if flag]
    if not arg.operand and arg.called != arg.name:
        words.append(f"dest={arg.name!r}")
    words += {
        "int": ["type=int"],
        "float": ["type=float"],
        "yes": ["action='store_true'"],
        "pair": ["action=argparse.BooleanOptionalAction"],
        "count": ["action='count'"],
        "repeat": ["action='append'"],
        "many": [f"nargs={'+' if arg.required or not arg.operand else '*'!r}"],
        "two": ["nargs=2", "type=int"],
        "choice": [f"choices={list(arg.choices)!r}"],
        "sheet": ["type=argparse.FileType('r')"],
    }.get(arg.kind, [])
    if arg.gap == "choices":
        words = [word for word in words if not word.startswith("choices")] + ["choices=SHOPS.keys()"]
    if arg.gap == "left out":
        words.append("action=Loud")
    if arg.kind == "count":
        words.append("default=0")
    elif arg.gap == "default":
        words.append(f"default=os.environ.get('{arg.name.upper()}', 'x')")
    elif arg.default is not None:
        words.append(f"default={arg.default!r}")
    if arg.required and not arg.operand and not arg.gap:
        words.append("required=True")
    if arg.operand and not arg.required and arg.kind != "many":
        words.append("nargs='?'")
    return ", ".join([*words, f"help={arg.help!r}"])


def _adds(args: Sequence[Arg], to: str, how: str = "add_argument") -> str:
    lines = []
    for arg in args:
        if arg.kind == "either":
            flags = [repr(f"--{choice.replace('_', '-')}") for choice in arg.choices]
            lines += [f"one_of = {to}.add_mutually_exclusive_group()"]
            lines += [f"one_of.add_argument({flag}, action='store_true')" for flag in flags]
            continue
        line = f"{to}.{how}({_argparse_words(arg)})"
        lines += ["if os.path.exists('/etc/bakery'):", f"    {line}"] if arg.gap == "perhaps" else [line]
    return "\n".join(lines) or "pass"


def _parser_alone(plan: Plan, any_: random.Random) -> str:
    adds = _adds(plan.args, "parser")
    body = (
        f"parser = argparse.ArgumentParser(description='Works')\n{adds}\nargs = parser.parse_args()\nwork(**vars(args))"
    )
    return _script(any_, "import argparse\nfrom tillkit import SHOPS, Loud\n", body)


def _parser_in_a_function(plan: Plan, any_: random.Random) -> str:
    body = f"""
def parse(argv=None):
    parser = argparse.ArgumentParser(prog="work", epilog="See also")
{_indent(_adds(plan.args, "parser"))}
    return parser.parse_args(argv)


def main():
    args = parse()
    work(**vars(args))


if __name__ == "__main__":
    sys.exit(main())
"""
    return _script(any_, "import argparse\nfrom tillkit import SHOPS, Loud\n", body)


def _parser_that_is_handed_on(plan: Plan, any_: random.Random) -> str:
    half = len(plan.args) // 2
    body = f"""
def common(parser):
{_indent(_adds(plan.args[:half], "parser"))}
    return parser


def build():
    parser = ap.ArgumentParser()
    group = common(parser).add_argument_group("more of it", "Less often")
{_indent(_adds(plan.args[half:], "group"))}
    return parser


if __name__ == "__main__":
    work(**vars(build().parse_args()))
"""
    return _script(any_, "import argparse\nimport argparse as ap\nfrom tillkit import SHOPS, Loud\n", body)


def _parser_in_a_class(plan: Plan, any_: random.Random) -> str:
    body = f"""
class App(object):
    def __init__(self):
        self.parser = argparse.ArgumentParser()
        self.options()

    def options(self):
{_indent(_adds(plan.args, "self.parser"), 8)}

    def run(self):
        self.args = self.parser.parse_args()
        work(**vars(self.args))


if __name__ == "__main__":
    App().run()
"""
    return _script(any_, "import argparse\nfrom tillkit import SHOPS, Loud\n", body)


def _parser_of_its_own(plan: Plan, any_: random.Random) -> str:
    body = f"""
class Parser(argparse.ArgumentParser):
    def __init__(self, **more):
        super().__init__(**more)
{_indent(_adds(plan.args, "self"), 8)}

    def error(self, message):
        self.print_usage(sys.stderr)
        sys.exit(2)


def main():
    args, rest = Parser(description="Works").parse_known_args()
    work(**vars(args))


main()
"""
    return _script(any_, "import argparse\nfrom tillkit import SHOPS, Loud\n", body)


def _parser_by_a_helper(plan: Plan, any_: random.Random) -> str:
    calls = "\n".join(
        f"if os.path.exists('/etc/bakery'):\n    add(parser, {_argparse_words(arg)})"
        if arg.gap == "perhaps"
        else f"add(parser, {_argparse_words(arg)})"
        for arg in plan.args
    )
    body = f"""
def add(to, *names, **more):
    \"\"\"With a star before each help.\"\"\"
    more["help"] = "* " + more.get("help", "")
    to.add_argument(*names, **more)


def main(argv):
    parser = argparse.ArgumentParser()
{_indent(calls)}
    work(**vars(parser.parse_args(argv)))


if __name__ == "__main__":
    main(sys.argv[1:])
"""
    return _script(any_, "import argparse\nfrom tillkit import SHOPS, Loud\n", body)


def _parser_from_a_table(plan: Plan, any_: random.Random) -> str:
    plain = [arg for arg in plan.args if arg.kind == "text" and not arg.operand and not arg.gap and arg.long]
    rest = [arg for arg in plan.args if arg not in plain]
    rows = "".join(f"    ({arg.long!r}, {arg.default!r}, {arg.required!r}, {arg.help!r}),\n" for arg in plain)
    body = f"""
TABLE = [
{rows}]
parser = argparse.ArgumentParser()
for flag, default, needed, said in TABLE:
    parser.add_argument(flag, default=default, required=needed, help=said)
{_adds(rest, "parser")}
if __name__ == "__main__":
    args = parser.parse_args()
    work(**args.__dict__)
"""
    plan_imports = "import argparse\nfrom tillkit import SHOPS, Loud\n"
    return _script(any_, plan_imports, _with_names(body, plain))


def _with_names(body: str, args: Sequence[Arg]) -> str:
    """A table says no `dest`, so the short flags of its rows are left out with it."""
    assert all(arg.called == arg.name for arg in args)
    return body


def _parser_with_parents(plan: Plan, any_: random.Random) -> str:
    half = len(plan.args) // 2
    body = f"""
base = ArgumentParser(add_help=False)
{_adds(plan.args[:half], "base")}


def main():
    parser = ArgumentParser(parents=[base], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
{_indent(_adds(plan.args[half:], "parser"))}
    work(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
"""
    return _script(any_, "import argparse\nfrom argparse import *\nfrom tillkit import SHOPS, Loud\n", body)


def _parser_with_subcommands(plan: Plan, any_: random.Random) -> str:
    parts = []
    for name, args in plan.commands.items():
        parts.append(f"one = sub.add_parser({name!r}, help='To {name}')\n{_adds(args, 'one') if args else ''}\n"
                     f"one.set_defaults(what={name!r})")  # fmt: skip
    joined = "\n".join(parts)
    body = f"""
def main():
    parser = argparse.ArgumentParser()
{_indent(_adds(plan.args, "parser"))}
    sub = parser.add_subparsers(dest="command", metavar="WHAT")
    sub.required = True
{_indent(joined)}
    args = parser.parse_args()
    work(**vars(args))


if __name__ == "__main__":
    main()
"""
    return _script(any_, "import argparse\nfrom tillkit import SHOPS, Loud\n", body)


# -- optparse


def _optparse_words(arg: Arg) -> str:
    words = [repr(flag) for flag in (arg.short, arg.long) if flag] + [f"dest={arg.name!r}"]
    words += {
        "int": ["type='int'"],
        "float": ["type='float'"],
        "yes": ["action='store_true'", "default=False"],
        "count": ["action='count'", "default=0"],
        "repeat": ["action='append'"],
        "two": ["nargs=2", "type='int'"],
        "choice": ["type='choice'", f"choices={list(arg.choices)!r}"],
    }.get(arg.kind, [])
    if arg.gap == "default":
        words.append(f"default=os.environ.get('{arg.name.upper()}', 'x')")
    elif arg.gap == "left out":
        words += ["action='callback'", "callback=lambda *_: None", "type='string'"]
    elif arg.default is not None:
        words.append(f"default={arg.default!r}")
    return ", ".join([*words, f"help={(arg.help + ' [default: %default]')!r}"])


def _optparse(plan: Plan, any_: random.Random, body: str) -> str:
    options = [arg for arg in plan.args if not arg.operand]
    half = len(options) // 2
    adds = "\n".join(f"p.add_option({_optparse_words(arg)})" for arg in options[:half])
    groups = "\n".join(f"group.add_option({_optparse_words(arg)})" for arg in options[half:])
    made = "\n".join(f"    optparse.make_option({_optparse_words(arg)})," for arg in options)
    operands = [arg.name for arg in plan.args if arg.operand]
    check = f"if len(args) != {len(operands)}:\n    p.error('{' '.join(operands) or 'nothing'}')"
    values = "".join(f", {name}=args[{number}]" for number, name in enumerate(operands))
    usage = " ".join(["%prog [options]", *(f"<{name}>" for name in operands)])
    text = body.format(usage=usage, adds=adds, groups=groups, made=made, check=check, values=values)
    return _script(any_, "import optparse\nfrom optparse import OptionParser\n", text)


_OPTPARSE = (
    """
p = OptionParser(usage="{usage}", version="1.0")
{adds}
group = optparse.OptionGroup(p, "More")
{groups}
p.add_option_group(group)
(options, args) = p.parse_args()
{check}
work(**dict(vars(options){values}))
""",
    """
LIST = [
{made}
]
p = OptionParser("{usage}", option_list=LIST)
opts, args = p.parse_args()
{check}
work(**dict(vars(opts){values}))
""",
)


def _optparse_by_groups(plan: Plan, any_: random.Random) -> str:
    return _optparse(plan, any_, _OPTPARSE[0])


def _optparse_by_a_list(plan: Plan, any_: random.Random) -> str:
    return _optparse(plan, any_, _OPTPARSE[1])


# -- click


def _click_decorator(arg: Arg) -> str:
    if arg.operand:
        more = ", nargs=-1, required=True" if arg.kind == "many" else "" if arg.required else ", required=False"
        return f"@click.argument({arg.name!r}{more})"
    flags = f"{arg.long}/--no-{arg.long[2:]}" if arg.kind == "pair" else arg.long
    words = [repr(flag) for flag in (arg.short, flags) if flag] + [repr(arg.name)]
    words += {
        "int": ["type=int"],
        "float": ["type=click.FLOAT"],
        "yes": ["is_flag=True"],
        "count": ["count=True"],
        "repeat": ["multiple=True"],
        "two": ["nargs=2", "type=int"],
        "choice": [f"type=click.Choice({list(arg.choices)!r})"],
        "sheet": ["type=click.File('r')"],
    }.get(arg.kind, [])
    if arg.gap == "choices":
        words = [word for word in words if "Choice" not in word] + ["type=click.Choice(list(SHOPS))"]
    if arg.gap == "default":
        words.append(f"default=lambda: os.environ.get('{arg.name.upper()}')")
    elif arg.default is not None:
        words.append(f"default={arg.default!r}")
    if arg.required and not arg.gap:
        words.append("required=True")
    return f"@click.option({', '.join([*words, f'help={arg.help!r}'])})"


_CLICK = "import click\nfrom tillkit import SHOPS\n"


def _click_alone(plan: Plan, any_: random.Random) -> str:
    decorators = "\n".join(map(_click_decorator, plan.args))
    body = f'@click.command()\n{decorators}\ndef main(**values):\n    """Works on it."""\n    work(**values)\n\n\n'
    return _script(any_, _CLICK, f'{body}if __name__ == "__main__":\n    main()')


def _click_shared(plan: Plan, any_: random.Random) -> str:
    half = len(plan.args) // 2
    shared = "\n".join(f"    function = {_click_decorator(arg)[1:]}(function)" for arg in reversed(plan.args[:half]))
    decorators = "\n".join(map(_click_decorator, plan.args[half:]))
    body = f"""
def shared(function):
{shared or "    pass"}
    return function


@click.command(context_settings={{"help_option_names": ["-h", "--help"]}})
@shared
{decorators}
@click.version_option("1.0")
@click.pass_context
def main(ctx, **values):
    work(**values)


main()
"""
    return _script(any_, _CLICK, body)


def _click_group(plan: Plan, any_: random.Random) -> str:
    top = "\n".join(map(_click_decorator, plan.args))
    parts = []
    for number, (name, args) in enumerate(plan.commands.items()):
        decorators = "\n".join(map(_click_decorator, args))
        if number % 2:
            parts.append(f"@click.command({name!r})\n{decorators}\ndef do_{name}(**values):\n    work(**values)\n\n\n"
                         f"cli.add_command(do_{name})\n")  # fmt: skip
        else:
            parts.append(f"@cli.command()\n{decorators}\ndef {name}(**values):\n    work(**values)\n")
    joined = "\n\n".join(parts)
    body = f"@click.group()\n{top}\ndef cli(**values):\n    pass\n\n\n{joined}\n\nif __name__ == '__main__':\n    cli()"
    return _script(any_, _CLICK, body)


# -- typer


def _typer_parameter(arg: Arg, *, annotated: bool) -> str:
    name = arg.name
    hints = {
        "int": "int",
        "float": "float",
        "yes": "bool",
        "pair": "bool",
        "count": "int",
        "repeat": "List[str]",
        "many": "List[str]",
        "choice": name.title().replace("_", ""),
        "sheet": "Path",
    }
    hint = hints.get(arg.kind, "str")
    if arg.operand:
        if annotated and arg.required:
            return f"{name}: Annotated[{hint}, typer.Argument(help={arg.help!r})]"
        return f"{name}: {hint}" if arg.required else f"{name}: Optional[{hint}] = typer.Argument(None)"
    flags = "" if arg.kind == "pair" else f", {arg.long!r}" + (f", {arg.short!r}" if arg.short else "")
    more = {"yes": "", "count": ", count=True"}.get(arg.kind, "")
    default = {"yes": "False", "count": "0", "repeat": "[]"}.get(arg.kind, repr(arg.default))
    if arg.gap == "default":
        default = "WHERE"
    elif arg.kind == "choice" and arg.default is not None:
        default = f"{hint}.{arg.default.replace(' ', '_')}"
    elif arg.required and arg.default is None:
        default = "..."
    hint = f"Optional[{hint}]" if default == "None" else hint
    if annotated and arg.kind not in ("repeat", "count"):
        end = "" if default == "..." else f" = {default}"
        return (
            f"{name}: Annotated[{hint}, typer.Option({flags[2:]}{', ' if flags else ''}help={arg.help!r}{more})]{end}"
        )
    return f"{name}: {hint} = typer.Option({default}{flags}, help={arg.help!r}{more})"


def _typer_enums(args: Sequence[Arg]) -> str:
    made = ""
    for arg in args:
        if arg.kind == "choice":
            members = "".join(f"    {choice.replace(' ', '_')} = {choice!r}\n" for choice in arg.choices)
            made += f"class {arg.name.title().replace('_', '')}(str, Enum):\n{members}\n\n"
    return made


def _typer_function(name: str, args: Sequence[Arg], *, annotated: bool) -> str:
    made = [_typer_parameter(arg, annotated=annotated) for arg in args]
    made.sort(key=lambda one: "] = " in one or re.match(r"[^(]* = ", one) is not None)
    parameters = "".join(f"    {one},\n" for one in made)
    values = ", ".join(f"{arg.name}={arg.name}" for arg in args)
    return f'def {name}(\n{parameters}):\n    """Works on it."""\n    work({values})\n'


_TYPER = (
    "import typer\nfrom enum import Enum\nfrom pathlib import Path\nfrom typing import Annotated, List, Optional\n"
    "from tillkit import WHERE\n"
)


def _typer_run(plan: Plan, any_: random.Random) -> str:
    made = _typer_function("main", plan.args, annotated=any_.random() < 0.5)
    return _script(any_, _TYPER, f'{_typer_enums(plan.args)}{made}\n\nif __name__ == "__main__":\n    typer.run(main)')


def _typer_app(plan: Plan, any_: random.Random) -> str:
    made = _typer_function("go", plan.args, annotated=any_.random() < 0.5)
    body = f"app = typer.Typer(add_completion=False)\n{_typer_enums(plan.args)}@app.command()\n{made}\n\napp()"
    return _script(any_, _TYPER, body)


def _typer_group(plan: Plan, any_: random.Random) -> str:
    annotated = any_.random() < 0.5
    parts = [f"@app.command({name!r})\n{_typer_function(f'do_{name}', args, annotated=annotated)}"
             for name, args in plan.commands.items()]  # fmt: skip
    joined = "\n\n".join(parts)
    body = f"app = typer.Typer(help='Works')\n{_typer_enums(plan.all)}{joined}\n\nif __name__ == '__main__':\n    app()"
    return _script(any_, _TYPER, body)


# -- docopt


def _docopt_usage(args: Sequence[Arg]) -> str:
    words = []
    for arg in args:
        if arg.operand:
            one = f"<{arg.name}>"
            words.append(f"{one}..." if arg.kind == "many" else one if arg.required else f"[{one}]")
            continue
        flag = arg.flag
        if arg.kind == "either":
            words.append("[" + " | ".join(f"--{choice.replace('_', '-')}" for choice in arg.choices) + "]")
        elif arg.kind in ("yes", "count"):
            words.append(f"[{flag}]" + ("..." if arg.kind == "count" else ""))
        else:
            value = "=<v>" if arg.long else " <v>"
            words.append(f"{flag}{value}" if arg.required else f"[{flag}{value}]" + "..." * (arg.kind == "repeat"))
    return " ".join(words)


def _docopt(plan: Plan, any_: random.Random, lines: Sequence[str], *, tail: str = "") -> str:
    described = ""
    for arg in plan.all:
        if not arg.operand and arg.kind != "either":
            value = "" if arg.kind in ("yes", "count") else "=<v>" if arg.long else " <v>"
            flags = ", ".join(flag for flag in (arg.short, arg.long) if flag)
            default = f" [default: {arg.default}]" if arg.default is not None else ""
            described += f"  {flags}{value}  {arg.help}{default}.\n"
    usage = "\n".join(f"  work {line}".rstrip() for line in lines)
    text = f'"""Works on it.\n\nUsage:\n{usage}\n  work (-h | --help)\n\nOptions:\n{described}  -h, --help  This.\n"""'
    call = any_.choice(("docopt(__doc__)", "docopt(__doc__, version='work 1.0')"))
    if tail:
        return f"#!/usr/bin/python2\n{text}\nfrom docopt import docopt\n\nfound = {call}\n{tail}\n"
    return f"#!/usr/bin/env python3\n{text}\nimport json\n\nfrom docopt import docopt\n{_WORK}\n\nwork(**{call})\n"


def _docopt_alone(plan: Plan, any_: random.Random) -> str:
    return _docopt(plan, any_, [_docopt_usage(plan.args)])


def _docopt_old(plan: Plan, any_: random.Random) -> str:
    return _docopt(
        plan, any_, [_docopt_usage(plan.args)], tail="print found\nfor name in found: print name, found[name]"
    )


def _docopt_commands(plan: Plan, any_: random.Random) -> str:
    return _docopt(plan, any_, [f"{name} {_docopt_usage(args)}" for name, args in plan.commands.items()])


# -- Fire


def _fire_function(name: str, args: Sequence[Arg], *, method: bool = False) -> str:
    hints = {"int": "int", "float": "float", "pair": "bool", "many": "list"}
    parameters = ["self"] if method else []
    for arg in sorted(args, key=lambda arg: not arg.required):
        default = "os.environ.get('X', 'x')" if arg.gap == "default" else repr(arg.default)
        end = "" if arg.required else f" = {default}"
        parameters.append(f"{arg.name}: {hints.get(arg.kind, 'str')}{end}")
    values = ", ".join(f"{arg.name}={arg.name}" for arg in args)
    return f'def {name}({", ".join(parameters)}):\n    """Works on it."""\n    work({values})\n'


def _fire_alone(plan: Plan, any_: random.Random) -> str:
    return _script(any_, "import fire\n", f"{_fire_function('main', plan.args)}\n\nfire.Fire(main)")


def _fire_dict(plan: Plan, any_: random.Random) -> str:
    made = "\n\n".join(_fire_function(f"do_{name}", args) for name, args in plan.commands.items())
    names = ", ".join(f"{name!r}: do_{name}" for name in plan.commands)
    return _script(any_, "import fire\n", f"{made}\n\nif __name__ == '__main__':\n    fire.Fire({{{names}}})")


def _fire_class(plan: Plan, any_: random.Random) -> str:
    made = "\n".join(_indent(_fire_function(name, args, method=True)) + "\n" for name, args in plan.commands.items())
    return _script(any_, "import fire\n", f"class App:\n{made}\n\nif __name__ == '__main__':\n    fire.Fire(App)")


# -- by hand, and nothing


def _getopt(plan: Plan, any_: random.Random) -> str:
    options = [arg for arg in plan.args if not arg.operand]
    operands = [arg for arg in plan.args if arg.operand]
    shorts = "".join(arg.short[1:] + ("" if arg.kind in ("yes", "count") else ":") for arg in options if arg.short)
    longs = [arg.long[2:] + ("" if arg.kind in ("yes", "count") else "=") for arg in options if arg.long]
    branches = ""
    start = {"yes": "False", "count": "0", "repeat": "[]"}
    for arg in options:
        flags = [flag for flag in (arg.short, arg.long) if flag]
        test = f"flag == {flags[0]!r}" if len(flags) == 1 else f"flag in {tuple(flags)!r}"
        act = {"yes": f"{arg.name} = True", "count": f"{arg.name} += 1", "repeat": f"{arg.name}.append(value)",
               "int": f"{arg.name} = int(value)", "float": f"{arg.name} = float(value)"}  # fmt: skip
        branches += f"        elif {test}:\n            {act.get(arg.kind, f'{arg.name} = value')}\n"
    starts = "".join(f"    {arg.name} = {start.get(arg.kind, 'None')}\n" for arg in options)
    values = [f"{arg.name}={arg.name}" for arg in options]
    values += [f"{arg.name}=rest[{number}]" for number, arg in enumerate(operands)]
    check = f"    if len(rest) != {len(operands)}:\n        sys.exit('how many?')\n" if operands else ""
    body = f"""
def main():
{starts}    try:
        opts, rest = getopt.getopt(sys.argv[1:], {"h" + shorts!r}, {["help", *longs]!r})
    except getopt.GetoptError as error:
        sys.exit(str(error))
    for flag, value in opts:
        if flag in ("-h", "--help"):
            sys.exit(0)
{branches}{check}    work({", ".join(values)})


main()
"""
    return _script(any_, "import getopt\n", body)


def _by_hand(plan: Plan, any_: random.Random) -> str:  # noqa: ARG001 - there is no plan: it has no form
    looks = any_.choice(("len(sys.argv) > 1 and sys.argv[1]", "sys.argv[1:]", "fileinput.input()"))
    return _script(
        any_, "import fileinput\n", f"def main():\n    print({looks})\n\n\nif __name__ == '__main__':\n    main()"
    )


def _nothing(plan: Plan, any_: random.Random) -> str:  # noqa: ARG001
    body = "for name in sorted(os.listdir('.')):\n    print(name, os.path.getsize(name))"
    return _script(
        any_, "", any_.choice((body, "print('hello')", "with open('list') as file:\n    print(file.read())"))
    )


SHAPES: dict[str, tuple[Callable[[Plan, random.Random], str], ...]] = {
    "argparse": (
        _parser_alone, _parser_in_a_function, _parser_that_is_handed_on, _parser_in_a_class, _parser_of_its_own,
        _parser_by_a_helper, _parser_from_a_table, _parser_with_parents,
    ),
    "argparse, subcommands": (_parser_with_subcommands,),
    "optparse": (_optparse_by_groups, _optparse_by_a_list),
    "click": (_click_alone, _click_shared),
    "click, subcommands": (_click_group,),
    "typer": (_typer_run, _typer_app),
    "typer, subcommands": (_typer_group,),
    "docopt": (_docopt_alone, _docopt_old),
    "docopt, subcommands": (_docopt_commands,),
    "fire": (_fire_alone,),
    "fire, subcommands": (_fire_dict, _fire_class),
    "getopt": (_getopt,),
    "by hand": (_by_hand,),
    "nothing": (_nothing,),
}  # fmt: skip
