"""Weighs parcels, sets their price and prints their labels."""

from __future__ import annotations

from dataclasses import dataclass

# docs/tariffs.md
GRAMS_AT_MOST = 31_500
CENTS_BY_GRAMS = ((1_000, 400), (5_000, 600), (10_000, 900), (GRAMS_AT_MOST, 1_600))
CUBIC_CENTIMETRES_PER_KILOGRAM = 5_000


class CannotShip(ValueError):
    """No tariff takes this parcel."""


@dataclass(frozen=True)
class Parcel:
    """A parcel on the scales: grams, and its edges in centimetres."""

    grams: int
    length: int
    width: int
    height: int

    @property
    def charged_grams(self) -> int:
        """What is paid for: the weight, or the volume where that is more."""
        volume = self.length * self.width * self.height
        return max(self.grams, -(-volume * 1_000 // CUBIC_CENTIMETRES_PER_KILOGRAM))


def price(parcel: Parcel, zone: int) -> int:
    """Return the price in cents; raise CannotShip for what no tariff takes."""
    if min(parcel.grams, parcel.length, parcel.width, parcel.height) <= 0:
        raise CannotShip("weight and edges must be more than nothing")
    if zone not in (1, 2, 3):
        raise CannotShip(f"there is no zone {zone}; take 1, 2 or 3")
    for most, cents in CENTS_BY_GRAMS:
        if parcel.charged_grams <= most:
            return cents * 3 ** (zone - 1) // 2 ** (zone - 1)
    raise CannotShip(f"{parcel.charged_grams} g are charged and {GRAMS_AT_MOST} g is the most; split the parcel")


def label(number: int, zone: int) -> str:
    """Return a label's text, `Z2-00000123-5`: the last digit lets a scanner notice a misread one."""
    digits = f"{zone}{number:08d}"
    check = -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits)) % 10
    return f"Z{zone}-{number:08d}-{check}"


def is_label(text: str) -> bool:
    """Whether a scanned text is a label that was read right."""
    zone, _, rest = text.partition("-")
    number, _, _ = rest.partition("-")
    return (
        zone[:1] == "Z"
        and zone[1:] in {"1", "2", "3"}
        and number.isdigit()
        and text == label(int(number), int(zone[1:]))
    )
