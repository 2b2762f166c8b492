"""The store on PostgreSQL 13 or newer: one writer that commits in groups, four readers."""

import importlib.util

from pushbutton.errors import ConfigError

if not importlib.util.find_spec("psycopg"):  # whoever imports this wants nothing else
    raise ConfigError("a store on PostgreSQL needs one more package: pip install 'pushbutton[fleet]'.", file="store")

from .address import Address
from .files import NodeFiles
from .hints import Hints
from .mirror import Mirror
from .output import NodeOutput
from .pieces import Pieces
from .secrets import SharedSecrets
from .shipper import Shipper
from .store import PostgresStore

__all__ = [
    "Address",
    "Hints",
    "Mirror",
    "NodeFiles",
    "NodeOutput",
    "Pieces",
    "PostgresStore",
    "SharedSecrets",
    "Shipper",
]
