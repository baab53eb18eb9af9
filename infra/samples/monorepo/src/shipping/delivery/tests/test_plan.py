"""The rules of planning."""

import unittest

from plan import CannotPlan, Parcel, plan


class PlanTest(unittest.TestCase):
    def test_every_parcel_is_on_exactly_one_tour(self) -> None:
        parcels = [Parcel(f"p{number}", grams=100 * number, stop=number) for number in range(1, 12)]

        tours = plan(parcels, vans=3, capacity=4000)

        self.assertEqual(sorted(p.id for tour in tours for p in tour.parcels), sorted(p.id for p in parcels))

    def test_loads_are_spread_over_the_vans(self) -> None:
        tours = plan(
            [Parcel("a", 500, 1), Parcel("b", 500, 2), Parcel("c", 400, 3), Parcel("d", 400, 4)],
            vans=2,
            capacity=1000,
        )

        self.assertEqual([tour.grams for tour in tours], [900, 900])

    def test_express_goes_first_then_along_the_road(self) -> None:
        parcels = [Parcel("far", 10, 9), Parcel("near", 10, 2), Parcel("urgent", 10, 7, express=True)]

        tours = plan(parcels, vans=1, capacity=100)

        self.assertEqual([parcel.id for parcel in tours[0].parcels], ["urgent", "near", "far"])

    def test_a_van_without_parcels_stays_at_home(self) -> None:
        self.assertEqual([tour.van for tour in plan([Parcel("a", 10, 1)], vans=4, capacity=100)], [1])

    def test_a_parcel_that_fits_nowhere_is_named(self) -> None:
        with self.assertRaisesRegex(CannotPlan, "parcel piano of 300000 g"):
            plan([Parcel("piano", 300_000, 1)], vans=2, capacity=1000)

    def test_without_vans_nothing_can_be_planned(self) -> None:
        with self.assertRaises(CannotPlan):
            plan([Parcel("a", 10, 1)], vans=0, capacity=1000)
