"""The command line put together: every command, and what an error becomes."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from pushbutton import __version__
from pushbutton.errors import InvalidInputs, PushbuttonError

from . import approve, aside, audit, backup, check, link, login, press, runs, schema, secret, serve, user, watch
from . import run as run_command
from .exits import MEANING, Exit, code_of

__all__ = ["app", "run"]

_ClickException: type[Exception] = typer.BadParameter.__mro__[2]  # typer exports no name for it

_CODES = "\n".join(f"  {code.value:>3}  {text}" for code, text in MEANING.items())

HELP = f"""Put a button on any job: press it, it runs once in the background, everybody watches it live.

\b
  pushbutton serve tasks/                 a page with a button for each job
  pushbutton press deploy --env prod      press one from the shell
  pushbutton watch 42                     see live what run 42 does
  pushbutton stop 42                      stop it
  pushbutton run deploy.py --env dev      or run one here, without a server
  pushbutton user add ada                 from now on people sign in

\b
Exit codes
{_CODES}
       run, watch and press --follow pass on the job's own code
       (128 + N: ended by signal N)
"""

SERVE, PEOPLE, PRESS, WRITE, LOOK = "Serve", "People", "Press and watch", "Write tasks", "Look after it"
SAY = "Say what a job does (inside of it)"

app = typer.Typer(
    name="pushbutton",
    help=HELP,
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"pushbutton {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault in Pushbutton.")] = False,
) -> None:
    del version, debug


serve.add(app, SERVE)
press.add(app, PRESS)
watch.add(app, PRESS)
runs.add(app, PRESS)
approve.add(app, PRESS)
run_command.add(app, WRITE)
check.add(app, WRITE)
schema.add(app, WRITE)
login.add(app, PEOPLE)
user.add(app, PEOPLE)
link.add(app, PEOPLE)
secret.add(app, LOOK)
audit.add(app, LOOK)
aside.add(app, LOOK)
backup.add(app, LOOK)


def _said(verb: str, text: str) -> None:
    @app.command(verb, help=text, rich_help_panel=SAY, context_settings={"ignore_unknown_options": True})
    def _(words: Annotated[list[str] | None, typer.Argument(metavar="…")] = None) -> None:
        from pushbutton.job.command import main  # noqa: PLC0415

        raise typer.Exit(main([verb, *(words or [])]))


# Listed here for the help; `__main__` answers them before this module is loaded.
_said("status", 'Say what is going on: pushbutton status "copying the photos"')
_said("progress", "Say how far it is: pushbutton progress 33, or 3/8, or ? for unknown")
_said("step", 'Begin a step, which ends the one before: pushbutton step "Copy files"')
_said("artifact", 'Hand over a file: pushbutton artifact report.pdf "The report"')


def run(argv: Sequence[str]) -> int:
    """Every error that is expected is one sentence on stderr and a code of the table."""
    debug = "--debug" in list(argv)[:2]
    try:
        code = app(list(argv), prog_name="pushbutton", standalone_mode=False)
        sys.stdout.flush()
    except PushbuttonError as error:
        _complain(_sentence(error))
        return code_of(error)
    except _ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(str(error))
        else:
            _complain(_usage(error))
        return Exit.USAGE
    except (KeyboardInterrupt, typer.Abort):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): say nothing, also not while the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001  the last resort
        return _fault(error, debug=debug)
    return code if isinstance(code, int) else Exit.OK


def _sentence(error: PushbuttonError) -> str:
    if not isinstance(error, InvalidInputs):
        from pushbutton.domain.credentials import concealed  # noqa: PLC0415  only for an error

        return concealed(str(error))
    lines = [f"  --{name.replace('_', '-')}: {text}" if name else f"  {text}" for name, text in error.fields.items()]
    return "\n".join(["Nothing was started:", *lines])


def _usage(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    message = message if message.endswith((".", "?")) else f"{message}."
    return f"{message} See: {context.command_path} --help" if context is not None else message


def _complain(sentence: str) -> None:
    print(f"pushbutton: {sentence}", file=sys.stderr)


def _fault(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
        return Exit.FAULT
    said = f"Something broke in Pushbutton itself ({type(error).__name__})."
    try:
        with tempfile.NamedTemporaryFile("w", prefix="pushbutton-fault-", suffix=".txt", delete=False) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        _complain(f"{said} See more with: pushbutton --debug …")
    else:
        _complain(f"{said} What happened is written in {file.name}")
    return Exit.FAULT
