"""`runtime.ports.Secrets`: named secrets from the environment, files, commands, keyrings and an encrypted file."""

from .encrypted import EncryptedStore
from .sources import SecretSources
from .stored import Stored
from .value import is_short

__all__ = ["EncryptedStore", "SecretSources", "Stored", "is_short"]
