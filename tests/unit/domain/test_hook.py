"""How calls of other systems are checked and read: their own examples, and what differs from them by a bit."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from pushbutton.domain import hook
from pushbutton.domain.hook import Hook, Scheme

AT = 1_614_265_330_000_000
HELLO = b"Hello, World!"
GITHUB = {
    "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
}
GITHUB_SECRET = "It's a Secret to Everybody"
STANDARD = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_BODY = b'{"test": 2432232314}'


def a_hook(scheme: Scheme, **more: object) -> Hook:
    return replace(Hook("k3f9", "A release", "deploy", "ada", scheme, "", 0), **more)  # type: ignore[arg-type]


CALLS = [
    pytest.param(a_hook(Scheme.GITHUB), GITHUB, HELLO, GITHUB_SECRET, id="GitHub's own example"),
    pytest.param(a_hook(Scheme.STANDARD), STANDARD, STANDARD_BODY, STANDARD_SECRET, id="the standard's example"),
    pytest.param(a_hook(Scheme.GITLAB), {"x-gitlab-token": "a-token-of-ours"}, b"{}", "a-token-of-ours", id="GitLab"),
    pytest.param(
        a_hook(Scheme.HMAC, header="X-Till-Signature"),
        {"x-till-signature": base64.b64encode(hmac.new(b"till secret", b"{}", hashlib.sha256).digest()).decode()},
        b"{}",
        "till secret",
        id="any HMAC, in base64",
    ),
]


@pytest.mark.parametrize(("one", "headers", "body", "secret"), CALLS)
def test_a_call_with_the_secret_is_believed(one, headers, body, secret):
    assert hook.refusal(one, headers, body, [secret], AT) == ""


@pytest.mark.parametrize(("one", "headers", "body", "secret"), CALLS)
def test_while_the_secret_is_changed_the_one_before_counts_too(one, headers, body, secret):
    assert hook.refusal(one, headers, body, ["whsec_AAAAAAAAAAAAAAAAAAAAAAAA", secret], AT) == ""


@pytest.mark.parametrize(("one", "headers", "body", "secret"), CALLS)
def test_a_call_with_another_secret_is_not_believed(one, headers, body, secret):
    del secret
    assert hook.refusal(one, headers, body, ["whsec_AAAAAAAAAAAAAAAAAAAAAAAA"], AT)


@pytest.mark.parametrize(("one", "headers", "body", "secret"), CALLS)
def test_a_call_without_its_headers_is_not_believed(one, headers, body, secret):
    for name in headers:
        if name != "x-github-delivery":
            assert hook.refusal(one, {**headers, name: ""}, body, [secret], AT)
    assert hook.refusal(one, {}, body, [secret], AT)


@pytest.mark.parametrize(("one", "headers", "body", "secret"), [CALLS[0], CALLS[1], CALLS[3]])
def test_a_body_with_one_bit_flipped_is_not_believed(one, headers, body, secret):
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        assert hook.refusal(one, headers, bytes(flipped), [secret], AT)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_what_is_signed_beside_the_body_cannot_be_changed(name):
    changed = {**STANDARD, name: STANDARD[name][:-1] + "1"}
    assert hook.refusal(a_hook(Scheme.STANDARD), changed, STANDARD_BODY, [STANDARD_SECRET], AT)


@pytest.mark.parametrize("late", [-301, 301, 86_400])
def test_a_call_of_another_time_is_not_believed(late):
    told = hook.refusal(a_hook(Scheme.STANDARD), STANDARD, STANDARD_BODY, [STANDARD_SECRET], AT + late * 1_000_000)
    assert "too far from ours" in told


def test_what_the_standards_own_library_signs_is_believed():
    secret = hook.new_secret(Scheme.STANDARD)
    body, when = '{"größe": 3}', datetime(2026, 11, 30, 12, tzinfo=UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": "v1a,AAAA " + Webhook(secret).sign("msg_1", when, body),
    }
    at = int(when.timestamp()) * 1_000_000
    assert hook.refusal(a_hook(Scheme.STANDARD), headers, body.encode(), [secret], at) == ""


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_secret_that_is_made_is_one_that_is_taken(scheme):
    assert hook.unfit_secret(scheme, hook.new_secret(scheme)) == ""
    assert hook.unfit_secret(scheme, "short")


def test_the_same_delivery_has_the_same_name_and_without_one_the_same_body_has():
    github = a_hook(Scheme.GITHUB)
    assert hook.delivery_of(github, GITHUB, HELLO) == GITHUB["x-github-delivery"]
    assert hook.delivery_of(github, {}, HELLO) == hook.delivery_of(github, {}, HELLO)
    assert hook.delivery_of(github, {}, HELLO) != hook.delivery_of(github, {}, b"Hello")


SAID: dict[str, Any] = {
    "action": "released",
    "release": {"tag_name": "2.14.3", "draft": False},
    "hosts": [{"n": "a"}, {"n": "b"}],
}


@pytest.mark.parametrize(
    ("only", "why"),
    [
        ({}, ""),
        ({"$.action": "released", "$.release.draft": False}, ""),
        ({"$.action": "edited"}, "“$.action” was “released”, not “edited”."),
        ({"$.release.draft": 0}, "“$.release.draft” was “False”, not “0”."),
        ({"$.nothing": "x"}, "“$.nothing” is not there."),
        ({"$.hosts[*].n": "b"}, ""),
    ],
)
def test_a_call_concerns_a_hook_where_all_conditions_hold(only, why):
    assert hook.mismatch(a_hook(Scheme.GITHUB, only=only), SAID) == why


def test_paths_name_the_values_of_inputs():
    paths = {"version": "$.release.tag_name", "hosts": "$.hosts[*].n", "draft": "$.release.draft", "none": "$.none"}
    assert hook.values(a_hook(Scheme.GITHUB, paths=paths), SAID) == {
        "version": "2.14.3",
        "hosts": ["a", "b"],
        "draft": False,
    }


@pytest.mark.parametrize("path", ["", "release", "$.[", "$.a[?(", "$." + "a" * 300, "$$$ ("])
def test_what_is_no_path_is_refused_with_a_sentence(path):
    assert hook.unfit_path(path).endswith(".")


@pytest.mark.parametrize("path", ["$", "$.a.b", "$['a b']", "$.a[0]", "$.a[*].b", "$..name"])
def test_paths_of_the_usual_shapes_are_taken(path):
    assert hook.unfit_path(path) == ""
