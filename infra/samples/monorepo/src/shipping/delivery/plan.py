"""Plans deliveries: which van takes which parcel, and in which order."""

from __future__ import annotations

from dataclasses import dataclass


class CannotPlan(ValueError):
    """The parcels do not fit the vans, or an order is not an order."""


@dataclass(frozen=True)
class Parcel:
    """Something to deliver: grams, and the stop it goes to (stops are numbered along the road)."""

    id: str
    grams: int
    stop: int
    express: bool = False


@dataclass(frozen=True)
class Tour:
    """What one van does: parcels in the order of delivery."""

    van: int
    parcels: tuple[Parcel, ...]

    @property
    def grams(self) -> int:
        """What the van carries at the start."""
        return sum(parcel.grams for parcel in self.parcels)


def plan(parcels: list[Parcel], *, vans: int, capacity: int) -> list[Tour]:
    """Load the heaviest parcels first, each into the emptiest van; deliver express first, then along the road.

    Raise CannotPlan for a parcel that fits into no van.
    """
    loads: list[list[Parcel]] = [[] for _ in range(vans)]
    for parcel in sorted(parcels, key=lambda parcel: (-parcel.grams, parcel.id)):
        load = min(loads, key=lambda load: sum(each.grams for each in load), default=None)
        if load is None or sum(each.grams for each in load) + parcel.grams > capacity:
            raise CannotPlan(f"parcel {parcel.id} of {parcel.grams} g fits into none of {vans} vans; send one more")
        load.append(parcel)
    return [Tour(van=number, parcels=_in_order(load)) for number, load in enumerate(loads, start=1) if load]


def _in_order(load: list[Parcel]) -> tuple[Parcel, ...]:
    return tuple(sorted(load, key=lambda parcel: (not parcel.express, parcel.stop, parcel.id)))
