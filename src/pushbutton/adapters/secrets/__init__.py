"""`runtime.ports.Secrets`: named secrets from the environment, files, commands, keyrings and an encrypted file."""

from .encrypted import EncryptedStore
from .sources import SecretSources
from .value import is_short

__all__ = ["EncryptedStore", "SecretSources", "is_short"]
