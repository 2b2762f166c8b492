"""PostgreSQL's words that differ from other databases', see `sql.connection.Dialect`."""

from __future__ import annotations

from typing import Final

from pushbutton.adapters.sql.connection import Dialect

__all__ = ["POSTGRES"]

POSTGRES: Final = Dialect(
    like="ILIKE",
    bytes_of="convert_to({}, 'UTF8')",
    number_of="{}",
    typed="1 = 1",  # a column has its type, whoever writes
    thaw="SELECT set_config('pushbutton.redacts', 'yes', true)",
    freeze="SELECT set_config('pushbutton.redacts', 'no', true)",
    size="SELECT pg_database_size(current_database())",
    clock="CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
    unreadable=(),  # what is not there is said by `link.translated`
)
