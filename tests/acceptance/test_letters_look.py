"""How a letter looks: like the product, in light and dark, wide and narrow, nothing cut off and all of it readable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pushbutton.domain.messages import Message, Occasion
from pushbutton.domain.person import Snapshot
from pushbutton.domain.run import Run, RunState
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Source, Task
from pushbutton.runtime.ports.messages import Letter, Told
from pushbutton.web.views.letters import Letters

from .browser import chromium

MINUTE = 60_000_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def letter(state: RunState, occasion: Occasion) -> Letter:
    run = Run(
        42, "deploy", "Deploy the web shop " + "w" * 40, state, 1, "ada", {"where": "live"}, 5 * MINUTE,
        started_at=6 * MINUTE, ended_at=9 * MINUTE, reason="It ended with code 3.", why="A customer waits <b>now</b>",
    )  # fmt: skip
    task = Task(
        "deploy",
        "Deploy",
        CommandTarget(("deploy",)),
        Source("shop.yaml"),
        on_failure="The shop is shut: call the office.",
    )
    writer = Letters(lambda path: f"https://buttons.example.org{path}", Snapshot)
    message = Message("ops", occasion, 7, 9 * MINUTE, run=42, task="deploy", times=2)
    return writer.letter(Told(message, run, task, 42, ("copying", "no space left " + "x" * 200)), "en", "UTC")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("state", "occasion"), [(RunState.FAILED, Occasion.FAILED), (RunState.SUCCEEDED, Occasion.RECOVERED)]
)
def test_a_letter_fits_and_is_readable_in_light_and_dark(
    browser: Browser, tmp_path: Path, scheme, width, state, occasion
):
    made = letter(state, occasion)
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 900}
    )
    try:
        page = context.new_page()
        page.set_content(made.html)
        page.screenshot(path=str(tmp_path / f"letter-{state}-{scheme}-{width}.png"), full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        colours = page.evaluate(_COLOURS)
    finally:
        context.close()
    assert "<b>now</b>" not in made.html
    bright = {name: _brightness(text) for name, text in colours.items() if name in ("body", "card")}
    assert (
        all(one > 0.8 for one in bright.values()) if scheme == "light" else all(one < 0.05 for one in bright.values())
    )
    for what in ("state", "label", "go"):
        assert _contrast(colours[what], colours[f"{what} behind"]) >= 4.5, (what, colours)


_COLOURS = """() => {
  const of = selector => getComputedStyle(document.querySelector(selector));
  return {body: of('body').backgroundColor, card: of('.card').backgroundColor, state: of('.state').color,
          'state behind': of('.state').backgroundColor, label: of('.label').color,
          'label behind': of('.card').backgroundColor, go: of('.go').color, 'go behind': of('.go').backgroundColor};
}"""


def _brightness(colour: str) -> float:
    """Relative luminance, as WCAG has it."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_brightness(one), _brightness(other)))
    return (high + 0.05) / (low + 0.05)
