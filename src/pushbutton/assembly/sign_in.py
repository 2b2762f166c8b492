"""How people are let in: here, and by whoever else the settings name. A part of the composition root."""

from __future__ import annotations

import contextlib

from pushbutton.adapters import totp
from pushbutton.adapters.passwords import Passwords
from pushbutton.adapters.seal import Seal
from pushbutton.config import Settings
from pushbutton.domain.policy import Grant, Role
from pushbutton.domain.proxy import TrustedProxy
from pushbutton.runtime.directory import Directory
from pushbutton.runtime.people import People
from pushbutton.runtime.ports import Store
from pushbutton.runtime.refusals import Refusals
from pushbutton.runtime.signin import SignIn
from pushbutton.runtime.throttle import Throttle


def elsewhere(settings: Settings) -> bool:
    """Whether somebody else says who people are, so that one has to sign in also while nobody is added here."""
    return bool(settings.oidc_issuer or settings.ldap_url or settings.proxy_user_header)


async def opened(
    stack: contextlib.AsyncExitStack, settings: Settings, store: Store, key: bytes
) -> tuple[SignIn, People]:
    """Both on one directory; what they hold is closed with the stack. Raises `ConfigError`."""
    directory = Directory(
        store.people,
        outside=elsewhere(settings),
        fixed=[Grant(who.strip(), Role.ADMIN) for who in settings.admins.split(",") if who.strip()],
        idle=settings.session_hours * 3600,
        longest=settings.session_days * 86400,
        trusted=settings.trust_days * 86400,
    )
    passwords, seal = Passwords(), Seal(key)
    stack.callback(passwords.close)
    signin = SignIn(directory, passwords, totp, seal, Refusals(store.audit), Throttle(store.memos, key), store.memos)
    if settings.ldap_url:
        from pushbutton.adapters.ldap import Ldap  # noqa: PLC0415  only where it is asked for

        signin.authority = ldap = Ldap(
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
        stack.callback(ldap.close)
    if settings.oidc_issuer:
        from pushbutton.adapters.oidc import Oidc  # noqa: PLC0415  takes a while to load

        signin.provider = oidc = Oidc(
            settings.oidc_issuer,
            settings.oidc_client,
            settings.oidc_client_secret,
            scopes=settings.oidc_scopes,
            name_claim=settings.oidc_name_claim,
            groups_claim=settings.oidc_groups_claim,
        )
        stack.push_async_callback(oidc.close)
    if settings.proxy_user_header:
        signin.proxy = TrustedProxy.of(
            settings.proxy_from,
            settings.proxy_user_header,
            settings.proxy_groups_header,
            settings.proxy_title_header,
            settings.proxy_email_header,
            separator=settings.proxy_groups_separator,
        )
    await directory.open()
    stack.push_async_callback(directory.close)
    return signin, People(directory, passwords, totp, seal, signin.throttle)
