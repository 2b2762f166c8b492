"""Sign-in with an OpenID Connect provider."""

from .party import Begun, Oidc

__all__ = ["Begun", "Oidc"]
