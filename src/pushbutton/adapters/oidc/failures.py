"""Messages when signing in with the provider failed: few sentences for the person, and a reason for the log."""

from __future__ import annotations

from pushbutton.domain.identity import one_line
from pushbutton.errors import SignInFailed
from pushbutton.sentence import say

__all__ = ["down", "nameless", "odd", "over", "quoted", "refused"]


def down(reason: str) -> SignInFailed:
    return SignInFailed(
        say("The sign-in service does not answer at this moment; try again in a minute."), reason=reason
    )


def odd(reason: str) -> SignInFailed:
    return SignInFailed(
        say(
            "The sign-in service answered something that cannot be trusted, so nobody was signed in; an administrator "
            "finds why in the log."
        ),
        reason=reason,
    )


def over(reason: str) -> SignInFailed:
    return SignInFailed(say("This sign-in was begun somewhere else or is over; begin again."), reason=reason)


def refused(reason: str) -> SignInFailed:
    return SignInFailed(
        say("The sign-in service did not sign you in; begin again, or ask an administrator."), reason=reason
    )


def nameless(reason: str) -> SignInFailed:
    return SignInFailed(
        say(
            "The sign-in service did not say a user name that can be used here; an administrator finds why in the log."
        ),
        reason=reason,
    )


def quoted(said: object) -> str:
    """Another program's text, as one line of the log."""
    return repr(one_line(str(said)))
