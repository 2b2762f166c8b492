"""A real OpenID Connect provider in a process of its own: Django OAuth Toolkit, which shares no code with our side.

with Provider(folder) as provider:
    begun = await oidc.begin(BACK)
    params = provider.sign_in(begun.url, "ada")
    provider.restart(new_key=True)

It signs with RS256, demands PKCE, knows its clients' redirect addresses, and takes a code once. `python provider.py
FOLDER PORT` is the process itself; its database and key are in the folder.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import httpx

from .serving import PATIENCE, Lines, environment

BACK = "http://127.0.0.1:9/sign-in/back"
"""Where browsers come back to; nobody has to listen there."""
PASSWORD = "four words will do"
SECRET = "hush: 100% / ü+ö"
"""Of the confidential clients: what is not encoded as the standard says does not arrive."""


class Provider:
    """Ready when the constructor returns; the same address after a restart. `back`: where else browsers end."""

    def __init__(self, folder: Path, back: str = BACK) -> None:
        self._folder, self._back = folder, back
        self.port = 0
        self.restart()

    def restart(self, *, new_key: bool = False) -> None:
        """`new_key`: the old one is gone, as after a provider's rotation."""
        self.stop()
        if new_key:
            (self._folder / "key.pem").unlink()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(self._folder), str(self.port), self._back],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout
        self._lines = Lines(self._process.stdout)
        self.port = int(self._lines.wait_for(r"^ready on (\d+)$", 3 * PATIENCE)[1])
        self.issuer = f"http://127.0.0.1:{self.port}/o"

    def stop(self) -> None:
        if self.port:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._lines.close()

    def sign_in(self, url: str, name: str, *, password: str = PASSWORD, back: str = BACK) -> dict[str, str]:
        """What a browser does that is sent to `url`: log in there, and be sent `back` with these parameters."""
        with httpx.Client(timeout=PATIENCE) as browser:
            answer = browser.get(url)
            while answer.is_redirect:
                target = answer.url.join(answer.headers["location"])
                if str(target).startswith((back, self._back)):
                    return dict(parse_qsl(urlsplit(str(target)).query, keep_blank_values=True))
                answer = browser.get(target)
                if field := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.text):
                    form = {"username": name, "password": password, "csrfmiddlewaretoken": field[1]}
                    answer = browser.post(answer.url, data=form)
        raise AssertionError(f"it sent nobody back: {answer.status_code} {answer.text}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


# -- the process


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


def _serve(folder: Path, port: int, back: str) -> None:
    server = _Server(("127.0.0.1", port), _Quiet)
    _configure(folder, server.server_port)
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    server.set_app(get_wsgi_application())
    if not (folder / "made").exists():
        call_command("migrate", verbosity=0)
        _fill(back)
        (folder / "made").touch()
    print(f"ready on {server.server_port}", flush=True)  # noqa: T201  for the one who waits
    server.serve_forever()


def _configure(folder: Path, port: int) -> None:
    import secrets

    import django
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from django.conf import settings

    pem = folder / "key.pem"
    if not pem.exists():
        key = rsa.generate_private_key(65_537, 2_048)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        pem.write_bytes(key.private_bytes(*form))
    pages = {
        "registration/login.html": "<form method=post>{% csrf_token %}{{ form }}<button>Log in</button></form>",
        "oauth2_provider/authorize.html": "{{ error.error }}: {{ error.description }}",
    }
    settings.configure(
        SECRET_KEY=secrets.token_hex(),
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "db.sqlite3"}},
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions")),
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", pages)],
                    "context_processors": ["django.template.context_processors.request"],
                },
            }
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # it is ours that is slow on purpose
        LOGIN_URL="/login/",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}/o",
            "OIDC_RSA_PRIVATE_KEY": pem.read_text(),
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.validator",
            "PKCE_REQUIRED": True,
            "SCOPES": {name: name for name in ("openid", "profile", "email")},
        },
    )
    django.setup()


def _fill(back: str) -> None:
    from django.contrib.auth.models import Group, User
    from oauth2_provider.models import Application

    for name, title, groups in (("Ada", "Ada Lovelace", ("ops", "dev")), ("eve", "Eve", ())):
        first, _, last = title.partition(" ")
        user = User.objects.create_user(name, f"{name.lower()}@example.org", PASSWORD, first_name=first, last_name=last)
        user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
    for name, kind, secret in (
        ("pushbutton", "confidential", SECRET),
        ("thin", "confidential", SECRET),
        ("open", "public", ""),
    ):
        Application.objects.create(
            client_id=name,
            client_secret=secret,
            client_type=kind,
            authorization_grant_type="authorization-code",
            redirect_uris=f"{BACK} {back} http://127.0.0.1/signin/return",  # of this machine, every port is let through
            algorithm="RS256",
            skip_authorization=True,
        )


def __getattr__(name: str) -> Any:
    """What Django looks for in here by its name, and what can only be made when it is set up."""
    if name == "urlpatterns":
        from django.contrib.auth.views import LoginView
        from django.urls import include, path

        return [path("login/", LoginView.as_view()), path("o/", include("oauth2_provider.urls"))]
    if name == "validator":
        return _validator()
    raise AttributeError(name)


def _validator() -> type[Any]:
    from oauth2_provider.oauth2_validators import OAuth2Validator

    class Claims(OAuth2Validator):  # type: ignore[misc]
        oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "groups": "profile"}  # noqa: RUF012

        def get_additional_claims(self, request: Any) -> dict[str, Any]:
            user = request.user
            return {
                "preferred_username": user.username,
                "name": user.get_full_name(),
                "email": user.email,
                "email_verified": True,
                "groups": [group.name for group in user.groups.all()],
            }

        def get_oidc_claims(self, token: Any, token_handler: Any, request: Any) -> dict[str, Any]:
            claims: dict[str, Any] = super().get_oidc_claims(token, token_handler, request)
            in_token = token_handler is not None
            # As most large providers do it: who it is in the token, everything else from userinfo.
            return {"sub": claims["sub"]} if in_token and request.client.client_id == "thin" else claims

    return Claims


if __name__ == "__main__":
    sys.modules[__spec__.name] = sys.modules["__main__"]
    __name__ = __spec__.name
    _serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
