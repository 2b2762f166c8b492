"""Other tools' files, as tasks of `pushbutton.yaml`: a module for each kind of file, see `kind`."""

from .kind import Left, Source
from .moving import Moved, move, opened

__all__ = ["Left", "Moved", "Source", "move", "opened"]
