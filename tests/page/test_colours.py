"""Text can be read on its ground, by day and by night: WCAG asks for a contrast of 4.5 to 1.

https://www.w3.org/TR/WCAG22/#contrast-minimum
"""

from __future__ import annotations

import re

import pytest

from shared.page.static_files import read_file

DAY, NIGHT = re.findall(r":root \{(.*?)\}", read_file("page.css").content, re.S)
PAIRS = [
    *[(ink, ground) for ink in ("ink", "soft", "bad") for ground in ("ground", "card")],
    *[(kind, f"{kind}-ground") for kind in ("good", "bad", "work", "wait")],
    *[(ink, ground) for ink in ("ink", "soft") for ground in ("bad-ground", "wait-ground")],
    ("soft", "calm-ground"),
    ("accent", "ground"),
    ("accent", "card"),
    ("accent", "bad-ground"),
    ("accent-ink", "accent"),
    ("ground", "bad"),
    ("ground", "ink"),
]


def colours(block: str) -> dict[str, str]:
    """Each colour by its name, as six digits."""
    found = re.findall(r"--([-a-z]+): #([0-9a-f]{3,6})\b", block)
    return {name: "".join(2 * one for one in text) if len(text) == 3 else text for name, text in found}


def luminance(colour: str) -> float:
    """As WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("block", [DAY, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(block: str, ink: str, ground: str) -> None:
    """Also small and secondary text."""
    light, dark = sorted((luminance(colours(block)[ink]), luminance(colours(block)[ground])), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5
