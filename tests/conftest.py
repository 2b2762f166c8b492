"""What all tests share."""

import functools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx._transports import default as transports
from hypothesis import settings

from .postgres import Postgres

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # many processes are started: what one has compiled the next one loads

with Path(shutil.which("python3") or os.devnull).open("rb") as _file:
    _is_script = _file.read(2) == b"#!"
if _is_script:  # of pyenv, which looks for the interpreter each time, for longer than most scripts of tests run
    os.environ["PATH"] = f"{sys.base_prefix}/bin{os.pathsep}{os.environ['PATH']}"

settings.register_profile("any machine", deadline=None)  # how long an example takes says nothing of what it shows
settings.load_profile("any machine")

_made: Any = transports.create_ssl_context  # type: ignore[attr-defined]
_made_once = functools.cache(_made)


def _read_once(verify: Any = True, cert: Any = None, trust_env: bool = True) -> Any:
    """All certificates of this machine would be read for each client, 20 ms, also where it is to speak HTTP only."""
    if verify is True and cert is None:
        return _made_once(trust_env=trust_env)
    return _made(verify=verify, cert=cert, trust_env=trust_env)


transports.create_ssl_context = _read_once  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _the_mask_of_new_files_is_left_as_it_was() -> Iterator[None]:
    """It belongs to the whole process: a test that leaves another one makes a later test fail, in some orders only."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    after = os.umask(before)
    assert after == before, f"new files are made with {after:03o}, which was {before:03o}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One for each process that runs tests."""
    with Postgres() as server:
        yield server


LONGEST = (
    "test_axe_signed_in",
    "test_doors_looks",
    "test_doors",
    "test_recovery",
    "test_approvals",
    "test_attacks",
    "test_postgres",
    "test_hand_over_pages",
    "test_looks",
    "test_doors_pages",
    "test_cli",
    "test_looks_signed_in",
    "test_run_pages",
    "test_sign_in_whole",
    "test_asking",
    "test_login",
    "test_pages",
    "test_live",
    "test_storage",
    "test_many_tasks",
    "test_retries_pages",
    "test_log",
    "test_approvals_browser",
    "test_hostile",
    "test_orders",
    "test_webhooks",
    "test_away",
    "test_script_forms",
    "test_form_fields",
    "test_choices",
    "test_schedules",
    "test_fleet",
    "test_gate",
    "test_schedules_page",
    "test_sign_in_ldap",
    "test_behind_a_proxy",
    "test_audit_page",
    "test_hung",
)
"""The files of acceptance tests that take long, the longest first: as measured, more by what they work than by what
they wait.
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes take one file after the other, a long one that is begun last is waited for alone."""
    if not hasattr(config, "workerinput"):
        return
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (places.get(item.path.stem, len(places)), "acceptance" not in item.path.parts))
