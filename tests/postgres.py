"""A real PostgreSQL of the tests' own: child processes, in a folder of its own, on a free port of this machine alone.

with Postgres() as server:
    store = PostgresStore(server.database())
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests import ports

if TYPE_CHECKING:
    from pushbutton.adapters.postgres.link import Link

NEEDS = (
    "The tests of the store on PostgreSQL need its programs, and psycopg in .venv. On Debian: sudo apt-get install "
    "postgresql, then .venv/bin/pip install -r requirements-fleet.lock; ./dev test does both where it may."
)
USER, PASSWORD = "buttons", "p@ss: w/ör%d"
PATIENCE = 120.0


_WITH_US = ("setpriv", "--pdeathsig", "QUIT") if shutil.which("setpriv") else ()
"""It ends with the process of the tests, however that ends."""

_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
_NUMBERS = "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()"
_REPLICA = "SET lock_timeout = '60s'; SET session_replication_role = replica"
"""No trigger runs, some of which forbid what is done, and no row is looked for that another belongs to."""


@functools.cache
def programs() -> Path:
    """The folder of `initdb` and `postgres`; the newest version where there are several."""
    with contextlib.suppress(ImportError):
        import psycopg  # noqa: F401

        if found := shutil.which("initdb"):
            return Path(found).resolve().parent
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
        if installed:
            return installed[-1].parent
    pytest.fail(NEEDS, pytrace=False)


def _quick() -> str | None:
    """A folder in memory, where there is one with room: each test has tables of its own, which are many files."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 2 << 30
    return str(shared) if roomy else None


def _as_whom() -> dict[str, Any]:
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Postgres:
    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: it waits for the disk, as it does for everybody but tests."""
        self._durable = durable
        self._as = _as_whom()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=None if durable else _quick()))
        self._data = self.folder / "data"
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._shared = ""
        self._spare: list[str] = []
        self._sweep = ""

    def __enter__(self) -> Self:
        self._own()
        self._call("initdb", "-D", str(self._data), "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256",
                   "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        self.port = ports.lasting()
        self.start()
        quoted = PASSWORD.replace("'", "''")
        self.sql(f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{quoted}'")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Of the process whose children serve the connections; 0 while it is stopped."""
        return self._process.pid if self._process else 0

    # -- life

    def start(self) -> None:
        """Returns when it takes connections."""
        options = [f"unix_socket_directories={self.folder}", "listen_addresses=127.0.0.1", f"port={self.port}"]
        options += ["dynamic_shared_memory_type=mmap"]  # in its folder: nothing is left where it is killed
        options += [] if self._durable else ["fsync=off", "full_page_writes=off", "autovacuum=off"]
        words = [word for option in options for word in ("-c", option)]
        until = time.monotonic() + PATIENCE
        while True:
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [*_WITH_US, programs() / "postgres", "-D", self._data, *words],
                    cwd="/",
                    start_new_session=True,  # what is typed at a terminal is for whoever started it
                    stdout=log,
                    stderr=log,
                    **self._as,
                )
            while self._process.poll() is None:
                if self._answers():
                    return
                time.sleep(0.05)
            # The processes of one that was killed may take a moment to end.
            assert time.monotonic() < until, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.2)

    def stop(self, number: int = signal.SIGQUIT) -> None:
        """SIGQUIT: at once, without a last word on the disk; SIGKILL: as a machine that loses its power."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(PATIENCE)
            self._process = None

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.admin()).close()
        except psycopg.OperationalError:
            return False
        return True

    @contextlib.contextmanager
    def standby(self) -> Iterator[Postgres]:
        """Another server with everything that is written here; from here on nothing is acknowledged that it has not."""
        other = Postgres(durable=self._durable)
        other._own()
        self._call("pg_basebackup", "-D", str(other._data), "-R", "-c", "fast", "-d", self.admin())
        other.port = ports.lasting()
        other.start()
        try:
            self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.sql("SELECT pg_reload_conf()")
            until = time.monotonic() + PATIENCE
            while self.sql("SELECT sync_state FROM pg_stat_replication") != [("sync",)]:
                assert time.monotonic() < until, "the standby does not follow"
                time.sleep(0.05)
            yield other
        finally:
            other.__exit__()

    def promote(self) -> None:
        """From here on it is written to."""
        self.sql("SELECT pg_promote()")

    def _own(self) -> None:
        if self._as:
            os.chown(self.folder, self._as["user"], self._as["group"])

    # -- databases

    def database(self, owner: str = USER) -> str:
        """The address of a new one, which asks for no password."""
        name = f"t{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} OWNER {owner}")
        return self.address(name, owner)

    def empty(self) -> str:
        """The address of a new schema in one database: much quicker than a database, and as good for one store."""
        if not self._shared:
            self._shared = self.database()
        name = f"s{next(self._numbers)}"
        self.sql(f"CREATE SCHEMA {name}", self._shared)
        return f"{self._shared}&options=-csearch_path%3D{name}"

    @contextlib.contextmanager
    def tables(self) -> Iterator[str]:
        """The address of a schema with a store's tables, as they are once it was opened. Whoever asks next gets
        the same ones, swept, which is a quarter of the work of making them.
        """
        address = self._spare.pop() if self._spare else self._with_tables()
        yield address
        self.sql(self._sweep, address.replace(USER, "postgres", 1))
        self._spare.append(address)

    def _with_tables(self) -> str:
        from pushbutton.adapters.postgres import Address
        from pushbutton.adapters.postgres.link import Link
        from pushbutton.adapters.postgres.schema import prepare

        address = self.empty()
        link = Link(Address.of(address))
        prepare(link, Address.of(address), b"")
        self._sweep = "; ".join([_REPLICA, *_back(link)])
        link.raw.close()
        return address

    def address(self, name: str, user: str = USER) -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}&port={self.port}"

    def over_tcp(self, address: str, *, port: int = 0, user: str = USER, password: str = PASSWORD) -> str:
        """The same, over the network, which asks for the password."""
        from urllib.parse import quote

        name = address.partition("@/")[2].partition("?")[0]
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{port or self.port}/{name}"

    def restored(self, address: str) -> str:
        """The address of a new database in which everything of another is, as its dump has it."""
        made = self.database()
        with (self.folder / "dump").open("wb") as dump:
            dump.write(self._call("pg_dump", "--format=custom", f"--dbname={address}"))
        self._call("pg_restore", f"--dbname={made}", "--no-owner", str(self.folder / "dump"))
        return made

    def admin(self, name: str = "postgres") -> str:
        return self.address(name, "postgres")

    def sql(self, statement: str, address: str = "") -> list[tuple[Any, ...]]:
        """As somebody beside the store."""
        import psycopg

        with psycopg.connect(address or self.admin(), autocommit=True) as db:
            cursor = db.execute(statement)  # type: ignore[call-overload,unused-ignore]
            return cursor.fetchall() if cursor.description else []

    def _call(self, program: str, *words: str) -> bytes:
        command = [str(programs() / program), *words]
        done = subprocess.run(command, cwd="/", capture_output=True, text=False, check=False, **self._as)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        output: bytes = done.stdout
        return output


def _back(link: Link) -> Iterator[str]:
    """Statements that make all tables again what they are now."""
    for (table,) in list(link.execute(_TABLES)):
        yield f"DELETE FROM {table}"
        if rows := link.execute(f"SELECT json_agg(t)::text FROM {table} AS t").get:
            quoted = str(rows).replace("'", "''")
            yield f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, '{quoted}')"
    for (numbers,) in list(link.execute(_NUMBERS)):
        yield f"SELECT setval('{numbers}', 1, false)"
