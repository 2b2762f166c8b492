"""The tasks that can be pressed, read from folders and files that are followed while they change."""

from .check import check, look
from .keys import config_schema
from .reading import Problem
from .reload import PathCatalog

__all__ = ["PathCatalog", "Problem", "check", "config_schema", "look"]
