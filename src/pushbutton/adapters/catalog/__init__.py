"""The tasks that can be pressed, read from folders and files that are followed while they change."""

from .check import Examined, check, examined, look
from .path_catalog import PathCatalog
from .published import PublishedCatalog
from .schema import config_schema

__all__ = ["Examined", "PathCatalog", "PublishedCatalog", "check", "config_schema", "examined", "look"]
