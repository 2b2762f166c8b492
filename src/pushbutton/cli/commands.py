"""The command line: the help of the whole, the command that was asked for, and what an error becomes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from pushbutton import __version__
from pushbutton.errors import InvalidInputs, PushbuttonError

from . import contents
from .exits import Exit, code_of

__all__ = ["run"]


def run(argv: Sequence[str]) -> int:
    """Every error that is expected is one sentence on stderr and a code of the table."""
    debug = "--debug" in argv[:2]
    words = [word for word in argv[:2] if word != "--debug"]
    try:
        code = _whole(words) if not words or words[0] in ("--help", "-h", "--version") else _command(words[0], argv)
        sys.stdout.flush()
    except PushbuttonError as error:
        _complain(_sentence(error))
        return code_of(error)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): say nothing, also not while the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.FAILED
    except Exception as error:  # noqa: BLE001  the last resort
        return _unexpected(error, debug=debug)
    return code


def _whole(words: Sequence[str]) -> int:
    print(f"pushbutton {__version__}" if words[:1] == ["--version"] else contents.text())
    return Exit.OK if words else Exit.USAGE


def _command(word: str, argv: Sequence[str]) -> int:
    from .group import parser  # noqa: PLC0415  the help of the whole does without

    code = parser(contents.module_of(word))(list(argv), prog_name="pushbutton", standalone_mode=False)
    return code if isinstance(code, int) else Exit.OK


def _unexpected(error: Exception, *, debug: bool) -> int:
    """A complaint of the parser of options, or a fault of ours."""
    import typer  # noqa: PLC0415  loaded by now

    if isinstance(error, typer.Abort):
        return Exit.INTERRUPTED
    if not isinstance(error, typer.BadParameter.__mro__[2]):  # typer exports no name for it
        return _fault(error, debug=debug)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error)
    else:
        _complain(_usage(error))
    return Exit.USAGE


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
    from .safe_text import text  # noqa: PLC0415  only for an error

    print(f"pushbutton: {text(sentence)}", file=sys.stderr)


def _fault(error: Exception, *, debug: bool) -> int:
    import tempfile  # noqa: PLC0415  only for a fault
    import traceback  # noqa: PLC0415

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
