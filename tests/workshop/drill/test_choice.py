"""Which boundaries a drill tries."""

from __future__ import annotations

from shared.codec.envelope import encode_effect, encode_event
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import ReadTags
from shared.domain.messages.events import PushReceived
from shared.domain.messages.queues import EVENTS_QUEUE, queue_of
from shared.domain.values.names import ServiceKey
from tests.support.clock import NOON
from tests.workshop.drill.boundaries import EFFECT_KINDS, EFFECTS, KINDS, Boundary, Place, work_of
from tests.workshop.drill.full import not_run
from tests.workshop.drill.kills import Passed, boundaries_of, chosen, death_at, in_both, in_pairs, missing_kinds
from tests.workshop.drill.run import Pass

PUSH = encode_event(PushReceived(id="p", repository="shipping", ref="refs/heads/main"), correlation="c", at=NOON)


def passes() -> list[Pass]:
    """What a short telling passed: two builds, of which one took a while, and a status."""
    build = [("one", 0.0, 0.4), ("two", 1.0, 1.2)]
    acts = [
        Pass(life=1, kind="build", id=id_, place=place, at=at)
        for id_, begun, done in build
        for place, at in ((Place.BEFORE_ACT, begun), (Place.AFTER_ACT, done))
    ]
    return [*acts, Pass(life=1, kind="set-status", id="said", place=Place.AFTER_REPORT, at=2.0)]


def test_boundaries_are_counted_by_the_pieces_of_work_that_pass_them() -> None:
    """What takes long enough has a middle as well."""
    assert boundaries_of(passes()) == {
        Boundary("build", Place.BEFORE_ACT): Passed(count=2),
        Boundary("build", Place.IN_ACT): Passed(count=2, seconds=boundaries_of(passes())[_middle()].seconds),
        Boundary("build", Place.AFTER_ACT): Passed(count=2),
        Boundary("set-status", Place.AFTER_REPORT): Passed(count=1),
    }


def _middle() -> Boundary:
    return Boundary("build", Place.IN_ACT)


def test_a_story_without_a_kind_of_effect_is_not_enough() -> None:
    """Each that the codec knows has to come up, and the inspection of pushes."""
    assert set(missing_kinds(boundaries_of(passes()))) == set(EFFECT_KINDS) - {"build", "set-status"}
    assert set(EFFECTS) - set(EFFECT_KINDS) == {"look-at-build"}


def test_the_short_choice_has_every_kind_once_and_every_place() -> None:
    """Where kinds have the places that they have."""
    everything = {Boundary(kind, place): Passed(count=3) for kind in KINDS for place in Place}

    found = chosen(everything, only="", short=True)

    assert sorted(one.kind for one in found) == sorted(KINDS)
    assert {one.place for one in found} == set(Place)
    assert {one.kind for one in chosen(everything, only="deploy", short=False)} == {"deploy"}


def test_what_only_one_of_two_tellings_passed_is_a_matter_of_chance() -> None:
    """It is tried where everything is, and not where there is one for each kind."""
    kept, chance = Boundary("build", Place.AFTER_ACT), Boundary("build", Place.BEFORE_SEND)

    found = in_both({kept: Passed(count=2), chance: Passed(count=1)}, {kept: Passed(count=3)})

    assert found == {kept: Passed(count=2), chance: Passed(count=1, always=False)}
    assert chosen(found, only="", short=True) == [kept]
    assert chosen(found, only="", short=False) == [kept, chance]


def test_a_telling_with_two_deaths_has_the_earlier_kind_first() -> None:
    """Else the second would be over when the first comes."""
    first, second = Boundary("build", Place.BEFORE_ACT), Boundary("set-status", Place.AFTER_REPORT)

    assert in_pairs([second, first], passes()) == [(first, second)]
    assert in_pairs([first], passes()) == [(first,)]


def test_the_same_seed_chooses_the_same_death() -> None:
    """So that what was found can be looked at again."""
    deaths = [death_at(_middle(), Passed(count=100, seconds=1.0), seed) for seed in (1, 1, 2)]

    assert deaths[0] == deaths[1] != deaths[2]
    assert 0 < deaths[0].after < 1


def test_work_is_known_by_what_its_message_says() -> None:
    """Sent again it is the same work; a push waits in two queues as two kinds."""
    effect = ReadTags(service=ServiceKey("shipping", "delivery"), version="1.0.0", asked=1)
    bodies = [
        encode_effect(effect, Delivery(correlation="c", tries=tries, effect_number=7), at=NOON) for tries in (0, 1)
    ]

    works = [work_of(queue_of(ReadTags.kind), body) for body in bodies]

    assert works[0] == works[1]
    assert (works[0].kind, works[0].reports) == ("read-tags", True)
    assert [work_of(queue, PUSH).kind for queue in (EVENTS_QUEUE, queue_of("inspect-push"))] == [
        "event",
        "inspect-push",
    ]


def test_a_disk_that_could_not_be_filled_fails_where_nobody_looks() -> None:
    """On one's own machine it is said, and the rest counts."""
    found = [not_run("mounting needs root", must_run=must_run) for must_run in (False, True)]

    assert [one.same for one in found] == [True, False]
    assert {one.what for one in found} == {"did NOT run: mounting needs root"}
