"""Prices and labels."""

import unittest

from label import CannotShip, Parcel, is_label, label, price


class PriceTest(unittest.TestCase):
    def test_weight_decides_the_tariff_up_to_its_limit(self) -> None:
        prices = [price(Parcel(grams, 10, 10, 10), zone=1) for grams in (1, 1_000, 1_001, 5_000, 10_000, 31_500)]

        self.assertEqual(prices, [400, 400, 600, 600, 900, 1_600])

    def test_each_zone_costs_half_as_much_again(self) -> None:
        self.assertEqual([price(Parcel(900, 10, 10, 10), zone=zone) for zone in (1, 2, 3)], [400, 600, 900])

    def test_a_large_light_parcel_is_charged_by_volume(self) -> None:
        pillow = Parcel(800, 60, 40, 20)

        self.assertEqual(pillow.charged_grams, 9_600)
        self.assertEqual(price(pillow, zone=1), 900)

    def test_what_no_tariff_takes_is_refused(self) -> None:
        for parcel, zone in (
            (Parcel(31_501, 1, 1, 1), 1),
            (Parcel(1, 1, 1, 1), 4),
            (Parcel(0, 1, 1, 1), 1),
            (Parcel(5, 1, -1, 1), 1),
        ):
            with self.assertRaises(CannotShip):
                price(parcel, zone)


class LabelTest(unittest.TestCase):
    def test_a_label_names_zone_and_number(self) -> None:
        self.assertRegex(label(123, zone=2), r"^Z2-00000123-\d$")

    def test_a_misread_digit_is_noticed(self) -> None:
        text = label(4711, zone=3)

        self.assertTrue(is_label(text))
        for place in range(3, 11):
            wrong = str((int(text[place]) + 1) % 10)
            self.assertFalse(is_label(text[:place] + wrong + text[place + 1 :]), place)

    def test_other_texts_are_no_labels(self) -> None:
        for text in ("", "Z9-00000001-1", "Z1-x-1", "00000001"):
            self.assertFalse(is_label(text), text)
