"""A release that somebody installed with Helm is found, adopted, and gone back to by its own history."""

from __future__ import annotations

import pytest

from tests.support.helm.shop import Shop, image

pytestmark = pytest.mark.cluster


def test_a_release_of_somebody_elses_is_told_as_it_is(shop: Shop) -> None:
    """By Helm's record: nobody's number but Helm's own stands in its revision."""
    shop.by_hand("0.9.0", install=True)

    running, found = shop.applier.running(shop.place), shop.applier.found(shop.place)

    assert running is not None
    assert found is not None
    assert running.foreign
    assert (found.revision, found.release_name, found.chart, found.chart_version) == (
        "1/",
        "delivery",
        "delivery",
        "0.9.0",
    )
    assert found.images == (image("0.9.0"),)
    assert found.others == ()


def test_what_was_adopted_comes_back_by_helms_history(shop: Shop) -> None:
    """By its number and its manifests: there is no mark on it, and no chart is asked for."""
    shop.by_hand("0.9.0", install=True)
    found = shop.applier.found(shop.place)
    assert found is not None
    shop.applier.apply(shop.order("1.0.0"))

    back = shop.order("0.9.0", manifests=found.manifests, chart=None, before=found.revision, force=True)
    report = shop.applier.apply(back)

    assert shop.image() == image("0.9.0")
    assert shop.history()[-1] == (3, "deployed")
    running = shop.applier.running(shop.place)
    assert running is not None
    assert (running.revision, running.foreign) == (report.revision, False)


def test_attack_another_release_takes_the_number_of_the_one_that_was_adopted(shop: Shop) -> None:
    """Number and missing mark are the same, manifests are not. Defence: what was approved is applied from its chart."""
    shop.by_hand("0.9.0", install=True)
    good = shop.order("0.8.0")
    shop.applier.apply(shop.order("1.0.0"))

    back = shop.order("0.8.0", manifests=good.manifests, chart=good.chart, before="1/", force=True)
    shop.applier.apply(back)

    assert shop.image() == image("0.8.0")
