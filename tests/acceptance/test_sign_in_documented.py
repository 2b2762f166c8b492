"""The examples of docs/howto/sign-in.md: each signs somebody in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pushbutton import config
from pushbutton.adapters.ldap import Ldap
from pushbutton.adapters.oidc import Oidc
from pushbutton.domain.proxy import TrustedProxy

from .directory import PASSWORD, SERVICE_PASSWORD, Directory
from .provider import BACK, SECRET, Provider

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "sign-in.md"
EXAMPLES = [
    dict(line.split("=", 1) for line in block.splitlines())
    for block in re.findall(r"^```ini\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
]

Loaded = Callable[..., config.Settings]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """The settings of the example that has this variable, with others in the place of some."""

    def load(which: str, **instead: str) -> config.Settings:
        (example,) = [example for example in EXAMPLES if which in example]
        assert set(instead) <= set(example)
        for name, value in {**example, **instead}.items():
            monkeypatch.setenv(name, value)
        settings = config.load()
        assert {config.variable(name) for name in settings.__slots__} >= {
            name.removesuffix("_FILE") for name in example
        }
        return settings

    return load


async def test_the_example_of_a_provider_signs_somebody_in(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    with Provider(tmp_path) as provider:
        settings = loaded(
            "PUSHBUTTON_OIDC_ISSUER",
            PUSHBUTTON_OIDC_ISSUER=provider.issuer,
            PUSHBUTTON_OIDC_CLIENT_SECRET_FILE=str(tmp_path / "secret"),
        )
        oidc = Oidc(
            settings.oidc_issuer,
            settings.oidc_client,
            settings.oidc_client_secret,
            scopes=settings.oidc_scopes,
            name_claim=settings.oidc_name_claim,
            groups_claim=settings.oidc_groups_claim,
        )
        begun = await oidc.begin(BACK)
        ada = await oidc.finish(begun, provider.sign_in(begun.url, "Ada"), BACK)
        await oidc.close()
    assert (ada.name, ada.groups) == ("ada", frozenset({"ops", "dev"}))


async def test_the_example_of_a_directory_signs_somebody_in(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(SERVICE_PASSWORD + "\n")
    with Directory(tmp_path) as directory:
        settings = loaded(
            "PUSHBUTTON_LDAP_URL",
            PUSHBUTTON_LDAP_URL=directory.tls_url,
            PUSHBUTTON_LDAP_CA=str(directory.ca),
            PUSHBUTTON_LDAP_BIND_PASSWORD_FILE=str(tmp_path / "password"),
        )
        ldap = Ldap(
            settings.ldap_url,
            settings.ldap_base,
            bind_dn=settings.ldap_bind_dn,
            bind_password=settings.ldap_bind_password,
            user_filter=settings.ldap_user_filter,
            name_attribute=settings.ldap_name_attribute,
            groups_base=settings.ldap_groups_base,
            groups_filter=settings.ldap_groups_filter,
            ca=settings.ldap_ca,
        )
        ada = await ldap.check("ada", PASSWORD)
        ldap.close()
    assert ada
    assert (ada.name, ada.groups) == ("ada", frozenset({"Ops, all", "dev"}))


def test_the_example_of_a_proxy_signs_somebody_in(loaded: Loaded) -> None:
    settings = loaded("PUSHBUTTON_PROXY_FROM")
    proxy = TrustedProxy.of(
        settings.proxy_from,
        settings.proxy_user_header,
        settings.proxy_groups_header,
        settings.proxy_title_header,
        settings.proxy_email_header,
    )
    headers = [(b"remote-user", b"ada"), (b"remote-groups", b"ops,dev"), (b"remote-name", b"Ada Lovelace")]
    ada = proxy.identity("fd00:1::7", headers)
    assert ada
    assert (ada.name, ada.title, ada.groups) == ("ada", "Ada Lovelace", frozenset({"ops", "dev"}))
    assert proxy.identity("fd00:2::7", headers) is None


def test_the_defaults_of_the_settings_are_those_of_the_rooms() -> None:
    """They are written twice, because a room knows no settings."""
    settings = config.Settings()
    for room, prefix in ((Oidc, "oidc"), (Ldap, "ldap")):
        defaults = room.__init__.__kwdefaults__
        assert defaults
        shared = {name: value for name, value in defaults.items() if name != "seconds"}
        assert {name: getattr(settings, f"{prefix}_{name}") for name in shared} == shared
