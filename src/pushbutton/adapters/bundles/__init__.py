"""Bundles of tasks on a disk: packed from a folder, and unpacked into a read-only one."""

from .cache import Cache
from .pack import Packed, pack, stamp

__all__ = ["Cache", "Packed", "pack", "stamp"]
