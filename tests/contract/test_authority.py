"""What every directory that checks passwords must guarantee, see `runtime.ports.people.Authority`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pushbutton.adapters.ldap import Ldap
from pushbutton.errors import SignInFailed
from pushbutton.runtime.ports.people import Authority
from tests.acceptance.directory import PASSWORD, PEOPLE, SERVICE, SERVICE_PASSWORD, Directory


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    folder: Path = tmp_path_factory.mktemp("directory")
    with Directory(folder) as started:
        yield started


@pytest.fixture(params=[Ldap])
def authority(request: pytest.FixtureRequest, directory: Directory) -> Authority:
    made: Authority = request.param(directory.url, PEOPLE, bind_dn=SERVICE, bind_password=SERVICE_PASSWORD)
    return made


async def test_a_name_and_its_password_are_somebody(authority):
    identity = await authority.check("ada", PASSWORD)
    assert (identity.name, identity.title, identity.email) == ("ada", "Ada Löwe", "ada@example.org")


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "another"), ("ada", ""), ("nobody", PASSWORD), ("", ""), ("a*", PASSWORD)]
)
async def test_anything_else_is_nobody(authority, name, password):
    assert await authority.check(name, password) is None


@pytest.mark.parametrize("adapter", [Ldap])
async def test_one_that_cannot_be_asked_is_no_refusal(adapter, directory):
    made: Authority = adapter(directory.url, PEOPLE, bind_dn=SERVICE, bind_password="not the reader's")
    with pytest.raises(SignInFailed):
        await made.check("ada", PASSWORD)
