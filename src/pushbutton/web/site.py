"""The state of a server while it lives, in one object; the web keeps nothing anywhere else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request

from pushbutton.config import Settings
from pushbutton.runtime.core import Core
from pushbutton.runtime.device_grants import DeviceGrants
from pushbutton.runtime.throttle import Throttle
from pushbutton.web.live.audience import Audiences
from pushbutton.web.views.output_lines import LineReaders
from pushbutton.web.views.views import Views


class Site:
    def __init__(
        self,
        core: Core,
        settings: Settings,
        version: str,
        document: Callable[[], Mapping[str, Any]],
        origins: Mapping[str, str],
    ) -> None:
        self.core = core
        self.settings, self.origins = settings, origins
        self.version = version
        self.document = functools.cache(document)  # of the API
        self.lines = LineReaders(core.lines)
        self.views = Views(core, self.lines)
        self.audiences = Audiences()
        self.grants = DeviceGrants(core.store.memos, core.signin.sealed)  # programs that ask for a token or a link
        self.wrong_codes = Throttle(core.store.memos, core.key, "code")  # typed for one of these


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site
