"""Draws the pictures of a run's tab: `python docs/make_tab_icons.py` writes src/pushbutton/web/static/tab/*.svg.

A ring around the button says how far a run is, in tenths; at the end a sign stands in its middle, so that colour is
never alone. They are files because the content policy takes pictures from the server alone.
"""  # noqa: INP001

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "src" / "pushbutton" / "web" / "static" / "tab"
TENTHS = range(0, 101, 10)
IDLE, GREY, BLUE = "#8d99b8", "#5b6784", "#4a7dff"
CHECK = "m11.5 16.3 3 3 6-6.5"
CROSS = "m12.5 12.5 7 7M19.5 12.5l-7 7"
QUESTION = "M13.4 13.6a2.7 2.7 0 1 1 3.9 2.5c-1 .5-1.3 1-1.3 1.7M16 20.8v.1"
CLOCK = "M16 12v4.3l2.8 1.7"
STROKE = "m10.5 21.5 11-11"


def drawn(ring: str, percent: int, face: str, sign: str = "") -> str:
    """`sign` is a path in the middle, in white."""
    done = (
        f'<circle cx="16" cy="16" r="13.5" fill="none" stroke="{ring}" stroke-width="5" pathLength="100" '
        f'stroke-dasharray="{percent} 100" transform="rotate(-90 16 16)"/>'
    )
    middle = (
        f'<path d="{sign}" fill="none" stroke="#fff" stroke-width="2.8" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<circle cx="16" cy="16" r="13.5" fill="#16203f" stroke="{IDLE}" stroke-width="5"/>'
        f'{done if percent else ""}<circle cx="16" cy="16" r="8" fill="{face}"/>{middle if sign else ""}</svg>\n'
    )


def pictures() -> dict[str, str]:
    """The text of each file, by its name."""
    found = {f"run-{percent}": drawn("#5aa2ff", percent, BLUE) for percent in TENTHS}
    found |= {
        "succeeded": drawn("#1f9d57", 100, "#137a41", CHECK),
        "failed": drawn("#d8372f", 100, "#b3261e", CROSS),
        "asking": drawn("#e0a100", 100, "#8a5a00", QUESTION),
        "waiting": drawn(IDLE, 0, GREY, CLOCK),
        "halted": drawn(IDLE, 0, GREY, STROKE),
    }
    return {f"{name}.svg": text for name, text in found.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, drawing in pictures().items():
        (FOLDER / file).write_text(drawing)
