"""Attacks by a worker that is somebody else's by now: what it adds as evidence, and says too much of."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.app.handling.by_reference import whole
from shared.app.people.authorship import list_of
from shared.app.performing.authors import _question
from shared.app.take_message import take_message
from shared.codec import envelope
from shared.codec.authors import encode_authors_read
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Build, GatherFacts, Tag
from shared.domain.messages.queues import NONPROD, queue_of, reports_queue_of
from shared.domain.messages.reports import refusal_id, report_id, started_id
from shared.domain.state.build import BuildHandle
from shared.domain.state.phases import Phase
from shared.domain.state.promotion import Authors, Facts, Rendered
from shared.ports.errors import NotFound
from tests.app.test_stolen_workers import number_of, send
from tests.support.app_looks import all_but, latest, open_effects, the
from tests.support.app_parts import DELIVERY, Harness
from tests.support.fleet import Fleet
from tests.support.in_poison import poisoned
from tests.support.outside import RITA, SAM

BRANCH = "refs/heads/release/delivery/v1.0.0"


@pytest.fixture
def slipway(tmp_path: Path) -> Harness:
    """Three processes that have read the repository and have nothing left to do."""
    made = Fleet(tmp_path)
    return made.slipway.start()


def asked_about_qa(slipway: Harness) -> GatherFacts:
    """Rita, who approves production, has written what Sam pushed; nonprod is asked for the facts of qa."""
    slipway.outside.commit(BRANCH, {"src/shipping/delivery/version": b"1"}, by=RITA, message="hers")
    slipway.tell_push(BRANCH, by=SAM)
    while not (found := [one for one in open_effects(slipway) if isinstance(one, GatherFacts)]):
        slipway.pump(*all_but("gather-facts"))
        slipway.deliver_one("gather-facts")
    return found[0]


@pytest.mark.parametrize("forged", [True, False], ids=["a list of nobody", "no list at all"])
def test_what_nonprod_says_of_authors_counts_for_no_production(slipway: Harness, *, forged: bool) -> None:
    """It answers production's question beforehand: nobody wrote the change. Production's worker reads that itself."""
    effect = asked_about_qa(slipway)
    release, state = slipway.release("1.0.0"), slipway.state()
    assert state.policy is not None
    question = _question(state.policy, release.commit, None)
    evidence = slipway.app.evidence.put(encode_authors_read(question, (), ()) if forged else b"garbage")
    facts = Facts(at=slipway.app.now(), authors=Authors(evidence=evidence, count=0))
    rendered = Rendered(inputs="0" * 64, manifests=slipway.app.evidence.put(b""))
    said = ev.FactsGathered(
        id=report_id(effect.id),
        service=DELIVERY,
        effect=effect.id,
        number=effect.number,
        facts=facts,
        rendered=rendered,
    )
    send(slipway, NONPROD, said, number_of(slipway, effect))
    slipway.pump()
    answered = slipway.answer(RITA)

    found = slipway.promotion("1.0.0", "production").facts
    assert found is not None
    assert "Rita Manager" in {one.name for one in found.authors.first}
    assert (answered.outcome, answered.code) == (Outcome.REFUSED, "author")


def test_bytes_that_are_no_list_of_authors_are_as_good_as_gone(slipway: Harness) -> None:
    """Whoever may add evidence may keep anything under its hash."""
    with pytest.raises(NotFound, match="is kept as a list of authors is none"):
        list_of(slipway.app.evidence, slipway.app.evidence.put(b"garbage"))


@pytest.mark.parametrize("link", ["https://ci/" + "x" * 4000, "https://ci/1"], ids=["a book", "a link"])
def test_a_report_without_room_for_its_release_is_not_taken(slipway: Harness, link: str) -> None:
    """The row of a release would be full, and no decision of its service could be kept any more."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    effect = the(slipway, Build)
    handle = BuildHandle(id="7", link=link)
    said = ev.BuildStarted(
        id=started_id(effect.id, "7"), service=DELIVERY, number=effect.number, attempt=effect.attempt, handle=handle
    )
    send(slipway, NONPROD, said, number_of(slipway, effect))
    taken = len(link) < 4000

    assert (latest(slipway).detail_of("code") == "misplaced") is not taken
    slipway.pump()
    assert slipway.promotion("1.0.0", "qa").phase is Phase.SUCCEEDED


def test_a_correlation_of_a_workers_making_is_cut(slipway: Harness) -> None:
    """The ledger would keep it with each refusal."""
    slipway.push_release("1.0.0")
    slipway.pump()
    effect, queue = f"{DELIVERY}:made up", queue_of("deploy", NONPROD)
    refused = ev.EffectRefused(id=refusal_id(effect, queue), service=DELIVERY, refused=effect, reason="no")
    said = envelope.encode_report(refused, Delivery(correlation="c" * 50_000), at=slipway.app.now())
    take_message(slipway.app, reports_queue_of(NONPROD), said)

    assert latest(slipway).event_type == "effect-refused"
    assert len(latest(slipway).correlation) == 1000


def test_a_poisoned_effect_of_any_length_is_taken_in(slipway: Harness) -> None:
    """Its id follows from all of it; cut, it is kept, and the next poisoned message has its turn."""
    effect = Tag(service=DELIVERY, version="1" * 70_000, attempt=1)
    body = envelope.encode_effect(effect, Delivery(correlation="c"), at=slipway.app.now())
    kept = envelope.reference_to(body, slipway.app.evidence.put(body.encode()))

    assert len(poisoned(slipway, kept.encode()).message) == 200


@pytest.mark.parametrize("sha256", ["a" * 20_000, "A" * 64, "../../state", ""])
def test_a_message_that_stands_for_no_hash_is_not_looked_for(slipway: Harness, sha256: str) -> None:
    """Storage would be asked for any name, answer as if it were away, and the message would never be poison."""
    body = envelope.encode_event(ev.TimePassed(id="t", service=DELIVERY), correlation="c", at=slipway.app.now())

    with pytest.raises(NotFound, match="is no SHA-256"):
        whole(slipway.app, envelope.reference_to(body, sha256))


def test_what_came_by_reference_is_not_kept_in_memory(slipway: Harness) -> None:
    """Two thousand messages of megabytes would fill it."""
    large = ev.EffectDone(id=report_id("e" * 70_000), service=DELIVERY, effect="e" * 70_000)
    text = envelope.encode_report(large, Delivery(), at=slipway.app.now())

    assert envelope.read_message(text).event == large
    assert envelope._READ.known(text) is None
