"""What everything that signs people in elsewhere must guarantee, see `runtime.ports.people.Provider`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pushbutton.adapters.oidc import Oidc
from pushbutton.errors import SignInFailed
from pushbutton.runtime.ports.people import Provider
from tests.acceptance.provider import BACK, SECRET
from tests.acceptance.provider import Provider as Elsewhere


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder: Path = tmp_path_factory.mktemp("provider")
    with Elsewhere(folder) as started:
        yield started


@pytest.fixture(params=[Oidc])
async def provider(request: pytest.FixtureRequest, elsewhere: Elsewhere) -> AsyncIterator[Provider]:
    made = request.param(elsewhere.issuer, "pushbutton", SECRET)
    yield made
    await made.close()


async def test_who_signs_in_there_is_known_here(provider, elsewhere):
    begun = await provider.begin(BACK)
    identity = await provider.finish(begun, elsewhere.sign_in(begun.url, "Ada"), BACK)
    assert (identity.name, identity.title) == ("ada", "Ada Lovelace")


async def test_two_sign_ins_have_nothing_in_common(provider):
    first, second = await provider.begin(BACK), await provider.begin(BACK)
    mine, other = ({begun.state, begun.nonce, begun.verifier} for begun in (first, second))
    assert len(mine) == 3
    assert not mine & other
    assert first.verifier not in repr(first)


async def test_the_return_of_another_browser_signs_nobody_in(provider, elsewhere):
    mine, other = await provider.begin(BACK), await provider.begin(BACK)
    with pytest.raises(SignInFailed):
        await provider.finish(mine, elsewhere.sign_in(other.url, "Ada"), BACK)


@pytest.mark.parametrize("params", [{}, {"code": "made up"}, {"error": "access_denied"}])
async def test_a_return_with_something_else_signs_nobody_in(provider, params):
    begun = await provider.begin(BACK)
    with pytest.raises(SignInFailed):
        await provider.finish(begun, {"state": begun.state, **params}, BACK)
