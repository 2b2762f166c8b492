"""Sign-in with a real OpenID Connect provider, in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pushbutton.adapters.oidc import Oidc
from pushbutton.domain.identity import Identity
from pushbutton.errors import SignInFailed

from .provider import BACK, SECRET, Provider

ADA = Identity("ada", "Ada Lovelace", "ada@example.org", frozenset({"ops", "dev"}), "oidc", "1")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    folder: Path = tmp_path_factory.mktemp("provider")
    with Provider(folder) as started:
        yield started


@contextlib.asynccontextmanager
async def party(provider: Provider, client: str = "pushbutton", secret: str = SECRET) -> AsyncIterator[Oidc]:
    oidc = Oidc(provider.issuer, client, secret)
    try:
        yield oidc
    finally:
        await oidc.close()


@pytest.mark.parametrize(("client", "secret"), [("pushbutton", SECRET), ("open", "")])
async def test_somebody_signs_in(provider: Provider, client: str, secret: str) -> None:
    async with party(provider, client, secret) as oidc:
        begun = await oidc.begin(BACK)
        assert await oidc.finish(begun, provider.sign_in(begun.url, "Ada"), BACK) == ADA


async def test_what_the_token_does_not_say_userinfo_does(provider: Provider) -> None:
    async with party(provider, "thin") as oidc:
        begun = await oidc.begin(BACK)
        assert await oidc.finish(begun, provider.sign_in(begun.url, "Ada"), BACK) == ADA


async def test_somebody_without_groups_has_none(provider: Provider) -> None:
    async with party(provider) as oidc:
        begun = await oidc.begin(BACK)
        identity = await oidc.finish(begun, provider.sign_in(begun.url, "eve"), BACK)
        assert (identity.name, identity.groups) == ("eve", frozenset())


async def test_the_browser_is_sent_with_pkce_state_and_nonce_and_without_the_verifier(provider: Provider) -> None:
    async with party(provider) as oidc:
        first, second = await oidc.begin(BACK), await oidc.begin(BACK)
        query = parse_qs(urlsplit(first.url).query)
        assert query["code_challenge_method"] == ["S256"]
        assert query["response_type"] == ["code"]
        assert (query["state"], query["nonce"]) == ([first.state], [first.nonce])
        assert first.verifier not in first.url
        assert first.verifier not in repr(first)
        assert len({first.state, second.state, first.nonce, second.nonce, first.verifier, second.verifier}) == 6


async def test_a_code_is_taken_once(provider: Provider) -> None:
    async with party(provider) as oidc:
        begun = await oidc.begin(BACK)
        params = provider.sign_in(begun.url, "Ada")
        await oidc.finish(begun, params, BACK)
        with pytest.raises(SignInFailed, match="did not sign you in") as failed:
            await oidc.finish(begun, params, BACK)
        assert "invalid_grant" in failed.value.reason
        assert params["code"] not in failed.value.reason


async def test_another_browsers_return_is_refused_without_asking_the_provider(provider: Provider) -> None:
    async with party(provider) as oidc:
        mine, theirs = await oidc.begin(BACK), await oidc.begin(BACK)
        params = provider.sign_in(theirs.url, "eve")
        with pytest.raises(SignInFailed, match="begun somewhere else or is over"):
            await oidc.finish(mine, params, BACK)
        assert (await oidc.finish(theirs, params, BACK)).name == "eve"  # the code was not spent


async def test_a_stolen_code_is_worth_nothing_without_the_verifier(provider: Provider) -> None:
    async with party(provider) as oidc:
        mine, theirs = await oidc.begin(BACK), await oidc.begin(BACK)
        stolen = provider.sign_in(theirs.url, "Ada")
        with pytest.raises(SignInFailed, match="did not sign you in") as failed:
            await oidc.finish(mine, {**stolen, "state": mine.state}, BACK)
        assert "invalid_grant" in failed.value.reason


async def test_the_provider_itself_demands_pkce_and_a_known_address(provider: Provider) -> None:
    """The two tests before it mean something only if it does."""
    async with party(provider) as oidc:
        begun = await oidc.begin(BACK)
        elsewhere = await oidc.begin("http://127.0.0.1:9/elsewhere")
    without = begun.url.replace("code_challenge", "ignored")
    assert provider.sign_in(without, "Ada")["error"] == "invalid_request"
    with pytest.raises(AssertionError, match="it sent nobody back: 400 invalid_request"):
        provider.sign_in(elsewhere.url, "Ada")


async def test_a_wrong_secret_is_refused_and_not_named(provider: Provider) -> None:
    async with party(provider, secret="not that one") as oidc:
        begun = await oidc.begin(BACK)
        with pytest.raises(SignInFailed, match="did not sign you in") as failed:
            await oidc.finish(begun, provider.sign_in(begun.url, "Ada"), BACK)
        assert "invalid_client" in failed.value.reason
        assert "not that one" not in failed.value.reason


async def test_somebody_who_says_no_is_told_so(provider: Provider) -> None:
    async with party(provider) as oidc:
        begun = await oidc.begin(BACK)
        params = {"error": "access_denied", "state": begun.state}
        with pytest.raises(SignInFailed, match="did not sign you in") as failed:
            await oidc.finish(begun, params, BACK)
        assert "access_denied" in failed.value.reason


async def test_a_provider_may_change_its_key_between_two_sign_ins(provider: Provider) -> None:
    async with party(provider) as oidc:
        begun = await oidc.begin(BACK)
        await oidc.finish(begun, provider.sign_in(begun.url, "Ada"), BACK)
        provider.restart(new_key=True)
        begun = await oidc.begin(BACK)
        assert await oidc.finish(begun, provider.sign_in(begun.url, "Ada"), BACK) == ADA


async def test_a_provider_that_is_down_is_one_sentence_and_is_found_again(provider: Provider) -> None:
    async with party(provider) as oidc:
        provider.stop()
        with pytest.raises(SignInFailed, match="does not answer at this moment; try again in a minute"):
            await oidc.begin(BACK)
        provider.restart()
        begun = await oidc.begin(BACK)
        params = provider.sign_in(begun.url, "Ada")
        provider.stop()
        with pytest.raises(SignInFailed, match="does not answer at this moment"):
            await oidc.finish(begun, params, BACK)
        provider.restart()
        assert await oidc.finish(begun, params, BACK) == ADA
