"""Sign-in with an OpenID Connect provider."""

from .party import Oidc

__all__ = ["Oidc"]
