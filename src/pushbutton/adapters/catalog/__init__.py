"""The tasks that can be pressed, read from folders and files that are followed while they change."""

from .check import Examined, check, examined, look
from .keys import config_schema
from .reading import Problem
from .reload import PathCatalog

__all__ = ["Examined", "PathCatalog", "Problem", "check", "config_schema", "examined", "look"]
