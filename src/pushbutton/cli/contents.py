"""Every command in one table: where it stands in the help, which module has it, and what it does in a sentence.

The help of the whole is made from it, with the standard library alone: a list of the commands waits for no parser
of options, and a command loads its own module and no other.
"""

from __future__ import annotations

from collections.abc import Mapping

from .exits import MEANING

__all__ = ["COMMANDS", "DEBUG", "VERSION", "module_of", "text"]

HELP = """Put a button on any job: press it, it runs once in the background, everybody watches it live.

  pushbutton serve tasks/                 a page with a button for each job
  pushbutton press deploy --env prod      press one from the shell
  pushbutton watch 42                     see live what run 42 does
  pushbutton stop 42                      stop it
  pushbutton run deploy.py --env dev      or run one here, without a server
  pushbutton user add ada                 from now on people sign in
"""
VERSION, DEBUG = "Show the version.", "Show the traceback of a fault in Pushbutton."

COMMANDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Serve": {
        "serve": ("serve", "Serve the tasks of folders and files: pages, API and runs, in one process."),
        "worker": ("worker", "Run jobs for servers on other machines, and look after who does."),
    },
    "Press and watch": {
        "press": ("press", "Press a task's button on a server, and say which run that made."),
        "watch": ("watch", "Show live what a run does: everything from its beginning, then what comes, to its end."),
        "runs": ("runs", "List the runs of a server, newest first."),
        "stop": ("runs", "Stop a run: its processes are asked to end, then made to, and checked to be gone."),
        "comment": ("comment", "Comment on a run: everybody who may see it reads it, live."),
        "move": ("move", "Start a run that waits for its moment at another one, or now."),
        "schedule": ("schedule", "See when a server presses by itself, pause that, and make more of it."),
        "preset": ("preset", "See, keep and remove presets: inputs of a task under a name."),
        "files": ("files", "List the last files that came to a task which watches a folder."),
        "channel": ("channel", "See where a server's messages go, add channels, and test them."),
        "pause": ("pause", "Start nothing of a task, or nothing at all."),
        "resume": ("pause", "End the pause of a task, or of everything."),
        "approvals": ("approve", "List the runs that wait for your approval, newest first."),
        "approve": ("approve", "Approve a run that somebody else pressed."),
        "reject": ("approve", "Reject a run that waits for an approval: it ends without having started."),
    },
    "Write tasks": {
        "run": ("run", "Run a task here and now, without a server."),
        "check": ("check", "Look for mistakes in folders and files of tasks."),
        "header": ("header", "Print the block for the head of a script, to be pasted and changed."),
        "import": ("imports", "Write a pushbutton.yaml from a file of another tool."),
        "schema": ("schema", "Print the JSON schema of pushbutton.yaml, for editors."),
        "publish": ("publish", "Publish a folder of tasks for all machines that share a store."),
    },
    "People": {
        "login": ("login", "Let this machine's commands in at a server: ask for a token, and keep it."),
        "logout": ("login", "Revoke the token that is kept for a server, and forget it."),
        "user": ("user", "Look after the people who may sign in."),
        "link": ("link", "Hand a button over: a link that presses one task."),
        "hook": ("hook", "Look after hooks: addresses that press a task when another system calls them."),
    },
    "Look after it": {
        "secret": ("secret", "Keep named secrets for jobs: encrypted, in the data folder of a server."),
        "audit": ("audit", "Check the audit trail, and print it for other programs."),
        "release": ("release", "Release or drop runs that came with a copy of the data folder."),
        "backup": ("backup", "Copy a data folder to DIR, whether a server uses it or not."),
        "restore": ("backup", "Put a backup back into a data folder that is empty or not there yet."),
    },
    "Say what a job does (inside of it)": {
        "status": ("", 'Say what is going on: pushbutton status "copying the photos"'),
        "progress": ("", "Say how far it is: pushbutton progress 33, or 3/8, or ? for unknown"),
        "step": ("", 'Begin a step, which ends the one before: pushbutton step "Copy files"'),
        "artifact": ("", 'Hand over a file: pushbutton artifact report.pdf "The report"'),
    },
}
"""By heading, in the order of the help: (module of this package, the beginning of its help). Without a module: a job
says it, and `__main__` answers it at once.
"""


def module_of(command: str) -> str:
    """The module that has it; "" where none has."""
    return next((rows[command][0] for rows in COMMANDS.values() if command in rows), "")


def text() -> str:
    """The help of the whole; what the exit codes mean stands last."""
    parts = [HELP]
    for heading, rows in COMMANDS.items():
        lines = (f"  {name:{_WIDTH}}  {sentence}" for name, (_, sentence) in rows.items())
        parts.append("\n".join([heading, *lines, ""]))
    options = {"--help, -h": "Show this; behind a command, what it takes.", "--version": VERSION, "--debug": DEBUG}
    parts.append("\n".join(["Options", *(f"  {name:{_WIDTH}}  {said}" for name, said in options.items()), ""]))
    codes = (f"  {code.value:>3}  {said}" for code, said in MEANING.items())
    parts.append("\n".join(["Exit codes", *codes, *_PASSED_ON]))
    return "\n".join(parts)


_WIDTH = 10
_PASSED_ON = (
    "       run, watch and press --follow pass on the job's own code",
    "       (128 + N: ended by signal N)",
)
