"""How a Python task runs in a process of its own: `python -m pushbutton.job.child FILE NAME`.

The inputs come as JSON through the file descriptor named by PUSHBUTTON_INPUTS, which is closed before the author's
code is loaded, so that nothing it starts can read them again.

What the work returns: text becomes a last, good status; nothing is nothing; any other value is printed as JSON
(`plain`), and shown as results where it is some (`shapes.of_value`): names with numbers, a list of mappings. A
coroutine is awaited, a generator is run through: each text that it yields is a status, what it returns is the result.

Exit code: 0, or 1 for an exception (its traceback, from the author's first frame on, goes to stderr and its message
becomes a bad status), 75 for `Again`, or what `sys.exit` was given.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import TracebackType

from . import context
from .channel import send
from .declare import ATTRIBUTE
from .load import load

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any

__all__ = ["main", "run"]

VARIABLE = "PUSHBUTTON_INPUTS"
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def main(argv: list[str]) -> int:
    """Runs the task to its end and gives the exit code."""
    path, name = argv
    path = os.path.abspath(path)
    inputs = _inputs()
    sys.argv = [path]
    if inputs or os.path.basename(path).partition(".")[0] in sys.stdlib_module_names:
        # what comes from the standard library comes before the author's folder can stand in for it
        import traceback  # noqa: F401, PLC0415

        from . import convert  # noqa: F401, PLC0415
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(write_through=True)  # what is printed is seen, a dot without a line end too
    try:
        _answer(_finish(_call(_find(path, name), inputs)))
    except SystemExit as leaving:
        return _left(leaving.code)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # die of it, so that the parent can see that
        os.kill(os.getpid(), signal.SIGINT)
        return 130
    except BaseException as error:  # noqa: BLE001 - whatever the author's code raises ends here
        return _failed(error)
    return 0


def _inputs() -> dict[str, Any]:
    fd = os.environ.pop(VARIABLE, "")
    if not fd:
        return {}
    import json  # noqa: PLC0415 - a job without inputs starts without it

    with os.fdopen(int(fd), "rb") as pipe:
        text = pipe.read()
    return dict(json.loads(text)) if text.strip() else {}


def _find(path: str, name: str) -> Any:
    module = load(path)
    work = getattr(module, name, None)
    if work is None:
        raise LookupError(f"{os.path.basename(path)} has no “{name}” any more")
    declared = getattr(work, ATTRIBUTE, None)
    if declared is not None and declared.options.get("logging"):
        _hear_logging()
    return work


def _call(work: Any, inputs: dict[str, Any]) -> Any:
    if isinstance(work, type):
        from .classic import listen  # noqa: PLC0415 - for classes only

        listen(work)
        return _with(_with(work, inputs).run, inputs)
    return _with(work, inputs)


def _with(work: Callable[..., Any], inputs: dict[str, Any]) -> Any:
    code = getattr(work, "__code__", None)
    if not inputs and code is not None and not code.co_argcount and not code.co_kwonlyargcount:
        return work()
    from .convert import arguments  # noqa: PLC0415 - a job without inputs starts without it

    args, kwargs = arguments(work, inputs)
    return work(*args, **kwargs)


def _finish(result: Any) -> Any:
    """Run what only began to run: a coroutine, a generator, an asynchronous generator."""
    if hasattr(result, "__await__"):
        import asyncio  # noqa: PLC0415 - for asynchronous tasks only

        async def whole() -> Any:
            return await result

        return asyncio.run(whole())
    if hasattr(result, "__anext__"):
        import asyncio  # noqa: PLC0415

        async def through() -> None:
            async for said in result:
                _yielded(said)

        return asyncio.run(through())
    if hasattr(result, "send") and hasattr(result, "__next__"):
        return _through(result)
    return result


def _through(generator: Any) -> Any:
    """Run a generator to its end; what it returns."""
    while True:
        try:
            _yielded(next(generator))
        except StopIteration as end:
            return end.value


def _yielded(said: object) -> None:
    if isinstance(said, str):
        context.status(said)


def _answer(result: object) -> None:
    if isinstance(result, str):
        if result:
            context.status(result, level="good")
    elif result is not None:
        import json  # noqa: PLC0415

        from . import shapes  # noqa: PLC0415 - only for what is more than text
        from .plain import plain  # noqa: PLC0415
        from .result import give  # noqa: PLC0415

        value = plain(result)
        print(json.dumps(value, indent=2, ensure_ascii=False))
        if os.environ.get("PUSHBUTTON_RUN"):  # elsewhere it stands there already
            for shape in shapes.of_value(value):
                give(shape)


def _left(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF  # as Python itself
    text = str(code)
    print(text, file=sys.stderr)
    context.status(text, level="bad")
    return 1


def _failed(error: BaseException) -> int:
    """The exit code."""
    import traceback  # noqa: PLC0415 - only when something went wrong

    from .again import CODE, Again, Final  # noqa: PLC0415

    trace = _from_the_author_on(error.__traceback__)
    traceback.print_exception(type(error), error, trace, file=sys.stderr)
    if isinstance(error, Again | Final):
        if str(error):
            context.status(str(error), level="bad" if isinstance(error, Final) else "warn")
        send("again", error.said)
        return CODE if isinstance(error, Again) else 1
    last = traceback.format_exception_only(type(error), error)
    context.status(f"{type(error).__name__}: {error}" if str(error) else last[0].strip(), level="bad")
    return 1


def _from_the_author_on(trace: TracebackType | None) -> TracebackType | None:
    """Without our frames in front, and those of the loop that runs a coroutine for us."""
    trace = _past(trace, _OURS, "<frozen importlib", "<frozen runpy")
    loop = getattr(sys.modules.get("asyncio"), "__file__", None)
    return (_past(trace, os.path.dirname(loop) + os.sep, _OURS) if loop else None) or trace


def _past(trace: TracebackType | None, *places: str) -> TracebackType | None:
    """From the first frame on whose file does not begin so."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(places):
        trace = trace.tb_next
    return trace


def _hear_logging() -> None:
    """Records at INFO and above become statuses, beside whatever the author's own handlers do with them.

    No handler is added: with one on the root, `logging.basicConfig` in the author's code would do nothing, and
    warnings that go to stderr today would not.
    """
    import logging  # noqa: PLC0415 - only when the task asks for it

    handle = logging.Logger.callHandlers

    def heard(logger: logging.Logger, record: logging.LogRecord) -> None:
        handle(logger, record)
        if record.levelno >= logging.INFO:
            level = (
                "bad" if record.levelno >= logging.ERROR else "warn" if record.levelno >= logging.WARNING else "info"
            )
            try:
                text = record.getMessage()
            except Exception:  # noqa: BLE001 - a wrong format string; `logging` reports that by itself
                text = str(record.msg)
            context.status(text, level=level)

    logging.Logger.callHandlers = heard  # type: ignore[method-assign,assignment]
    if logging.getLogger().level == logging.WARNING:
        logging.getLogger().setLevel(logging.INFO)


def run() -> None:
    """The whole process: `sys.argv` names file and task, and its exit code is that of the work."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m pushbutton.job.child FILE NAME")
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        pass  # nobody reads it any more
    sys.exit(code)


if __name__ == "__main__":
    run()
