"""How another Python runs a module of `job/` or `describe/`, also one in which Pushbutton is not installed.

The package is loaded from where it lies. The folder around it comes last on `sys.path`, for processes that the job
starts itself: nothing of ours takes the place of a module of the author's.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["module_command"]

_SOURCE = str(Path(__file__).parents[2])
_BOOT = """\
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
source, name = sys.argv[1:3]
del sys.argv[1:3]
if source not in sys.path: sys.path.append(source)
spec = PathFinder.find_spec("pushbutton", [source])
sys.modules["pushbutton"] = package = module_from_spec(spec)
spec.loader.exec_module(package)
__import__("pushbutton." + name)
sys.modules["pushbutton." + name].run()
"""


def module_command(python: str, name: str, *words: str) -> tuple[str, ...]:
    """The argv that runs `pushbutton.<name>` with these words.

    -P: a file of the author's that is named like a standard module must not be taken for it.
    """
    return (python, "-P", "-c", _BOOT, _SOURCE, name, *words)
