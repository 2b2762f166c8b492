"""How long somebody waits who got a password wrong, with a clock that the test moves."""

from __future__ import annotations

from itertools import pairwise

from pushbutton.domain import throttle
from pushbutton.domain.throttle import FADE, FREE, FREE_ACCOUNT, FREE_ADDRESS, LONGEST, Throttle

HOME, AWAY = "192.0.2.1", "198.51.100.7"


def guess(at: Throttle, tries: int, *, account: str = "ada", address: str = AWAY, now: float = 0.0) -> float:
    """Keep on guessing, as soon as each try is heard; when the last one was made."""
    for _ in range(tries):
        now += at.wait(account, address, now)
        at.failed(account, address, now)
    return now


def test_the_first_mistakes_cost_nothing():
    at = Throttle()
    for _ in range(FREE):
        assert at.wait("ada", HOME, 0.0) == 0.0
        at.failed("ada", HOME, 0.0)
    assert at.wait("ada", HOME, 0.0) > 0.0


def test_each_further_mistake_makes_the_wait_longer_up_to_the_longest():
    at, waits, now = Throttle(), [], 0.0
    guess(at, FREE)
    for _ in range(14):
        waits.append(at.wait("ada", AWAY, now))
        now = guess(at, 1, now=now)
    assert waits[0] == 1.0
    assert all(1.5 * one < other <= 2 * one for one, other in pairwise(waits[:9]))
    assert 0.95 * LONGEST < waits[-1] <= LONGEST


def test_who_guesses_all_day_gets_a_hundred_and_thirty_tries():
    at, now, tries = Throttle(), 0.0, 0
    while now < 86_400.0:
        now = guess(at, 1, now=now)
        tries += 1
    assert 86_400 / LONGEST <= tries <= 130


def test_an_account_is_guarded_against_guesses_from_many_addresses():
    at = Throttle()
    for n in range(FREE_ACCOUNT):
        assert at.wait("ada", f"10.0.0.{n}", 0.0) == 0.0
        at.failed("ada", f"10.0.0.{n}", 0.0)
    assert at.wait("ada", "10.0.0.99", 0.0) > 0.0
    assert at.wait("bob", "10.0.0.99", 0.0) == 0.0


def test_one_address_is_slowed_over_many_accounts():
    at = Throttle()
    for n in range(FREE_ADDRESS):
        assert at.wait(f"somebody-{n}", AWAY, 0.0) == 0.0
        at.failed(f"somebody-{n}", AWAY, 0.0)
    assert at.wait("ada", AWAY, 0.0) > 0.0
    assert at.wait("ada", HOME, 0.0) == 0.0


def test_an_owner_is_not_locked_out_by_guesses_from_elsewhere():
    at = Throttle()
    at.passed("ada", HOME)
    now = guess(at, 50)
    assert at.wait("ada", AWAY, now) == LONGEST
    assert at.wait("ada", HOME, now) == 0.0


def test_an_owner_is_not_locked_out_by_mistakes_in_other_accounts_behind_the_same_address():
    at = Throttle()
    at.passed("ada", HOME)
    for n in range(3 * FREE_ADDRESS):
        at.failed(f"somebody-{n}", HOME, 0.0)
    assert at.wait("bob", HOME, 0.0) > 0.0
    assert at.wait("ada", HOME, 0.0) == 0.0


def test_an_address_that_an_owner_used_is_no_way_to_guess_that_account():
    at = Throttle()
    at.passed("ada", HOME)
    guess(at, FREE, address=HOME)
    assert at.wait("ada", HOME, 0.0) > 0.0


def test_signing_in_to_an_account_of_ones_own_does_not_free_ones_guesses():
    at = Throttle()
    for n in range(FREE_ADDRESS):
        at.failed(f"somebody-{n}", AWAY, 0.0)
        at.passed("mallory", AWAY)
    assert at.wait("ada", AWAY, 0.0) > 0.0


def test_signing_in_forgets_ones_mistakes():
    at = Throttle()
    guess(at, FREE - 1, address=HOME)
    at.passed("ada", HOME)
    for _ in range(FREE):
        assert at.wait("ada", HOME, 0.0) == 0.0
        at.failed("ada", HOME, 0.0)


def test_a_mistake_is_forgotten_after_a_while():
    at, now = Throttle(), 0.0
    for _ in range(50 * FREE):
        assert at.wait("ada", HOME, now) == 0.0
        at.failed("ada", HOME, now)
        now += FADE


def test_the_mistakes_of_an_office_in_a_week_do_not_add_up():
    at, now = Throttle(), 0.0
    for n in range(7 * 90):
        assert at.wait(f"somebody-{n}", HOME, now) == 0.0
        at.failed(f"somebody-{n}", HOME, now)
        now += 86_400.0 / 90


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(throttle, "MOST", 100)
    at = Throttle()
    guess(at, FREE + 3, address=HOME)
    for n in range(1000):
        at.failed(f"a{n}", f"10.0.{n // 256}.{n % 256}", 0.0)
        at.passed(f"b{n}", f"10.0.{n // 256}.{n % 256}")
    assert len(at._counts) <= 100
    assert len(at._owners) <= 100
