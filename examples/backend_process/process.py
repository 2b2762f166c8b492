"""The classic backend process: it works for a while and says what it does."""

import time

from pushbutton import task


@task(busy="join")
class BackendProcess:
    """Five messages, a second apart."""

    status = ""

    def run(self) -> None:
        for message in (
            "run method invoked",
            "doing a thing",
            "doing a second thing",
            "completed ALL THE THINGS!",
            "idle",
        ):
            self.status = message
            time.sleep(1)
