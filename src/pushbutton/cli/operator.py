"""The user of this machine that runs a command on a data folder, as the audit trail names them."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace

from pushbutton.domain.actor import LOCAL, Actor

__all__ = ["operator"]


def operator() -> Actor:
    """May do everything, as everybody may who can write the files. Named such as "local:ada"."""
    user = os.geteuid()
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = str(user)  # a container's, which nobody named
    return replace(LOCAL, name=f"{LOCAL.name}:{name}")
