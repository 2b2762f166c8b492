"""Load a task's file as a module of its own name, so that pickling and multiprocessing can find it again."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from types import ModuleType

__all__ = ["load"]


def load(path: str) -> ModuleType:
    """Run the file's top level; whatever it raises goes on. Its folder stands first on sys.path.

    The module's name is the file's stem, by which other processes import it, too; with "task_" before it where a module
    of that name is loaded already or belongs to Python (`json.py`). A stem with a dot can be imported by nobody, so
    that file stands for the main one, which multiprocessing finds by its path.
    """
    path = os.path.abspath(path)
    folder = os.path.dirname(path)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    name = os.path.splitext(os.path.basename(path))[0]
    main = "." in name
    if main:
        name = "__mp_main__"  # as multiprocessing calls it where it loads it again
    elif name in sys.modules or name in sys.stdlib_module_names:
        name = f"task_{name}"
    loader = SourceFileLoader(name, path)
    spec = ModuleSpec(name, loader, origin=path)
    spec.has_location = True
    module = module_from_spec(spec)
    sys.modules[name] = module
    if main:
        module.__spec__ = None  # so that it is found by its file
        sys.modules["__main__"] = module
    loader.exec_module(module)
    return module
