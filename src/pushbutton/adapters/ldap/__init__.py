"""Sign-in with an LDAP directory."""

from .directory import Ldap

__all__ = ["Ldap"]
