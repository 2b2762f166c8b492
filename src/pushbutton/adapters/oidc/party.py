"""Sign-in with an OpenID Connect provider: authorization code with PKCE, and an ID token that is checked to the letter.

    begin(redirect_uri) ─▶ the browser goes to `Begun.url`, and comes back with a code and the state
    finish(begun, params, redirect_uri) ─▶ code ─▶ ID token ─▶ signature, claims ─▶ (userinfo) ─▶ Identity

Narrower than the standard: only signatures that a public key checks (never `none` or a shared secret), only ID tokens
and answers that are not encrypted, and https everywhere, except for a provider on this machine's own loopback address.

Authlib builds the request and judges the claims, joserfc the signature. The requests are made here, with a limit on
their time and size: Authlib's own client for them warns that it will give up the one that this project uses.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus, urlsplit

from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from pushbutton.domain.credentials import concealed
from pushbutton.domain.identity import Identity, group_names, one_line, user_name
from pushbutton.errors import BadInput, ConfigError, SignInFailed
from pushbutton.runtime.ports.people import Begun

from .failures import down, nameless, odd, over, quoted, refused
from .provider import Provider, is_safe, read, read_keys
from .wire import Wire, json_object

__all__ = ["Oidc"]

SECONDS = 10.0
"""For everything that one `begin` or `finish` asks the provider, together."""
DISCOVERED_SECONDS = 3_600.0
LEEWAY_SECONDS = 60
"""How far the provider's clock may be off."""
LONGEST_CODE = 8_000
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")


class _Rules(JWSRegistry):
    """Only these algorithms. Whatever else stands in a header is ignored, as the standard says: certificates, say."""

    max_header_length = 16 << 10

    def __init__(self) -> None:
        super().__init__(algorithms=ALGORITHMS, strict_check_header=False)


class Oidc:
    def __init__(
        self,
        issuer: str,
        client: str,
        client_secret: str = "",
        *,
        scopes: str = "openid profile email",
        name_claim: str = "preferred_username",
        groups_claim: str = "groups",
        seconds: float = SECONDS,
    ) -> None:
        """Raises `ConfigError` for settings that cannot work; asks nobody anything yet."""
        if not is_safe(issuer, loopback=True) or urlsplit(issuer).query:
            raise ConfigError(f"“{concealed(issuer)}” is no https:// address of a provider.", file="oidc_issuer")
        if not client:
            raise ConfigError("name the client id that the provider gave.", file="oidc_client")
        if "openid" not in scopes.split():
            raise ConfigError("the scopes have to hold “openid”.", file="oidc_scopes")
        self._issuer = issuer
        self._client, self._secret, self._scopes = client, client_secret, scopes
        self._name_claim, self._groups_claim = name_claim, groups_claim
        self._wire = Wire(seconds)
        self._asking = asyncio.Lock()
        self._found: Provider | None = None
        self._found_at = 0.0
        self._keys: KeySet | None = None

    async def close(self) -> None:
        await self._wire.close()

    async def begin(self, redirect_uri: str) -> Begun:
        """Raises `SignInFailed` while the provider cannot be asked."""
        async with self._wire.limited():
            provider = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        request = OAuth2Client(
            None, self._client, scope=self._scopes, redirect_uri=redirect_uri, code_challenge_method="S256"
        )
        url, _ = request.create_authorization_url(
            provider.authorization, state=state, code_verifier=verifier, nonce=nonce
        )
        return Begun(url, state, nonce, verifier)

    async def finish(self, begun: Begun, params: Mapping[str, str], redirect_uri: str) -> Identity:
        """The person who came back. `params`: what the browser brought; `redirect_uri`: the same as for `begin`.

        Raises `SignInFailed`.
        """
        async with self._wire.limited():
            provider = await self._discovered()
            code = self._code(provider, begun, params)
            answer = await self._token(provider, code, begun.verifier, redirect_uri)
            claims = await self._claims(provider, answer, begun.nonce)
            if self._lacks(claims):
                claims = {**await self._userinfo(provider, answer, claims["sub"]), **claims}
        return self._identity(claims)

    # -- the steps

    async def _discovered(self) -> Provider:
        async with self._asking:
            if self._found is None or time.monotonic() - self._found_at > DISCOVERED_SECONDS:
                about = await self._wire.get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                self._found, self._keys = read(about, self._issuer), None
                self._found_at = time.monotonic()
            return self._found

    def _code(self, provider: Provider, begun: Begun, params: Mapping[str, str]) -> str:
        """The code, if what the browser brought belongs to what was begun."""
        if not hmac.compare_digest(params.get("state", "").encode(errors="replace"), begun.state.encode()):
            raise over("the state that the browser brought is not the one of this sign-in")
        issuer = params.get("iss", None if provider.says_issuer else self._issuer)
        if issuer != self._issuer:
            raise odd(f"the browser came back from the issuer {quoted(issuer)}")
        if "error" in params:
            said = f"{params['error']}: {params.get('error_description', '')}"
            raise refused(f"the provider refused: {quoted(said)}")
        code = params.get("code", "")
        if not 0 < len(code) <= LONGEST_CODE:
            raise odd("the browser came back without a code")
        return code

    async def _token(self, provider: Provider, code: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        methods = ["none"]
        if self._secret:
            known = [f"client_secret_{way}" for way in ("basic", "post")]
            methods = [method for method in known if method in provider.auth_methods] or known[:1]
        for method in methods:
            status, body = await self._wire.ask("POST", provider.token, **self._as_client(method, form))
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise down(f"{provider.token} answered with status {status}")
            answer = json_object(body, provider.token)
            # Many providers take one way per client but list all: a client that is not known spends no code.
            if answer.get("error") != "invalid_client":
                break
        if status != HTTPStatus.OK or "error" in answer:
            said = f"{answer.get('error', '')}: {answer.get('error_description', '')}"
            raise refused(f"the provider took no code, with status {status}, {quoted(said)}")
        return answer

    def _as_client(self, method: str, form: dict[str, str]) -> dict[str, Any]:
        match method:
            case "client_secret_basic":  # both are form-encoded first: RFC 6749, section 2.3.1
                return {"data": form, "auth": (quote_plus(self._client), quote_plus(self._secret))}
            case "client_secret_post":
                return {"data": {**form, "client_id": self._client, "client_secret": self._secret}}
            case _:
                return {"data": {**form, "client_id": self._client}}

    async def _claims(self, provider: Provider, answer: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the ID token, when everything about it is right."""
        text = answer.get("id_token")
        if not isinstance(text, str):
            raise odd("the provider sent no ID token")
        try:
            token = await self._verified(provider, text)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {"iss": {"essential": True, "value": self._issuer}, "aud": {"essential": True, "value": self._client}},
                {"nonce": nonce, "client_id": self._client, "access_token": answer.get("access_token")},
            )
            claims.validate(leeway=LEEWAY_SECONDS)
        except SignInFailed:
            raise
        except Exception as error:  # noqa: BLE001  whatever anybody finds wrong with a token: nobody is signed in
            raise odd(f"the ID token is not right: {quoted(error)}") from None
        if not claims["sub"]:
            raise odd("the ID token is of nobody: its “sub” is empty")
        return dict(claims)

    async def _verified(self, provider: Provider, text: str) -> jwt.Token:
        """Its signature is right. Keys that are not known yet are asked for once more: providers change theirs."""
        if self._keys:
            try:
                return jwt.decode(text, self._keys, registry=_Rules())
            except (InvalidKeyIdError, BadSignatureError):
                pass
        self._keys = read_keys(await self._wire.get(provider.keys))
        return jwt.decode(text, self._keys, registry=_Rules())

    def _lacks(self, claims: Mapping[str, Any]) -> bool:
        return _claim(claims, self._groups_claim) is None or _claim(claims, self._name_claim) is None

    async def _userinfo(self, provider: Provider, answer: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        if not provider.userinfo:
            return {}
        bearer = answer.get("access_token")
        if not isinstance(bearer, str) or str(answer.get("token_type")).lower() != "bearer":
            raise odd("the provider sent no bearer token to ask for the rest with")
        try:
            about = await self._wire.get(provider.userinfo, {"authorization": f"Bearer {bearer}"})
        except UnicodeEncodeError:
            raise odd("the provider's access token is not plain text") from None
        if about.get("sub") != subject:
            raise odd("the provider's userinfo is of somebody else than its ID token")
        return about

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        groups = _claim(claims, self._groups_claim)
        email = one_line(claims.get("email")) if claims.get("email_verified") is not False else ""
        return Identity(
            name=self._name(claims),
            title=one_line(claims.get("name")),
            email=email,
            groups=group_names(groups if isinstance(groups, list) else [groups]),
            source="oidc",
            subject=str(claims["sub"]),
        )

    def _name(self, claims: Mapping[str, Any]) -> str:
        """An address is a name only when the provider has verified it: everybody can write down another's."""
        claim = self._name_claim
        name = _claim(claims, claim)
        if name is None and claim == "preferred_username":
            claim, name = "email", claims.get("email")
        if claim == "email" and claims.get("email_verified") is not True:
            raise nameless("the provider has not verified the e-mail address that is the name")
        try:
            return user_name(name if isinstance(name, str) else "")
        except BadInput as error:
            raise nameless(f"the claim “{claim}”: {error}") from None


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of that name, or the one inside others that `a.b` names; None if there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
