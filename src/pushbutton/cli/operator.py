"""Who works on a data folder with a command: the user of this machine, for the audit trail to name."""

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
