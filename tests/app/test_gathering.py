"""Facts: what gates need, read where it is true, and nothing that nobody waits for."""

from __future__ import annotations

import pytest

from shared.app.handling.handle_event import handle
from shared.domain.messages import events as ev
from shared.domain.messages.effects import GatherFacts, ReadTags
from shared.domain.state.phases import PromotionKind
from shared.domain.state.promotion import Author, Authors, Facts, Presence
from shared.domain.values.names import Digest
from shared.ports.errors import Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_looks import all_but, do, latest, open_effects, the
from tests.support.app_parts import DELIVERY, Harness, branch
from tests.support.outside import ADA, RITA, SAM

OTHER = Digest("sha256:" + "f" * 64)
GATHER = "gather-facts"


def facts(slipway: Harness, version: str, environment: str) -> Facts:
    """What was read last for a promotion."""
    found = slipway.promotion(version, environment).facts
    assert found is not None
    return found


def asked(slipway: Harness, version: str = "1.0.0", *, environment: str = "qa") -> GatherFacts:
    """Push a release and go on until facts are asked for in an environment."""
    slipway.push_release(version)
    slipway.pump(*all_but(GATHER))
    do(slipway, the(slipway, ReadTags))
    slipway.pump(*all_but(GATHER))
    if environment == "production":
        do(slipway, the(slipway, GatherFacts))
        slipway.pump(*all_but(GATHER))
    return the(slipway, GatherFacts)


def mails(found: Facts) -> list[str]:
    """Who wrote what is released."""
    return [one.mail for one in found.authors.first]


def test_tags_of_a_version_that_was_never_pushed_name_nothing(slipway: Harness) -> None:
    """Packaging may start."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but(GATHER))
    do(slipway, the(slipway, ReadTags))

    assert slipway.release("1.0.0").phase == "Packaging"


@pytest.mark.parametrize(("repository", "tag"), [("delivery", "v1.0.0"), ("charts/delivery", "1.0.0")])
def test_a_version_whose_image_or_chart_is_there_is_not_packaged_over(
    slipway: Harness, repository: str, tag: str
) -> None:
    """The refusal names the digest."""
    slipway.push_release("1.0.0")
    slipway.outside.registry.tagged[repository, tag] = OTHER
    slipway.pump(*all_but(GATHER))
    do(slipway, the(slipway, ReadTags))

    assert slipway.release("1.0.0").phase == "Failed"
    assert str(OTHER) in slipway.release("1.0.0").reason


def test_tags_of_a_service_that_left_are_not_read(slipway: Harness) -> None:
    """Nobody says any more where they would be."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but(GATHER))
    effect = the(slipway, ReadTags)
    handle(slipway.app, ev.ServiceRemoved(id="gone", service=DELIVERY))
    reads = slipway.outside.troubles.calls.count("registry.read")
    do(slipway, effect)

    assert slipway.outside.troubles.calls.count("registry.read") == reads
    assert effect not in open_effects(slipway)


def test_authors_are_who_wrote_the_services_paths_since_what_is_live(slipway: Harness) -> None:
    """Whoever wrote an older version, or elsewhere in the monorepo, may approve."""
    slipway.outside.commit(branch("1.0.0"), {"src/shipping/delivery/a": b"1"}, by=SAM)
    slipway.push_release("1.0.0")
    slipway.pump()
    slipway.approve()
    base = slipway.release("1.0.0").commit
    slipway.outside.commit(branch("1.1.0"), {"src/shipping/package/b": b"1"}, by=RITA, base=base)
    slipway.push_release("1.1.0")
    slipway.pump()

    assert facts(slipway, "1.0.0", "production").authors.first == (
        Author(name=ADA.name, mail="ada@example.com"),
        Author(name=SAM.name, mail="sam@example.com"),
    )
    assert mails(facts(slipway, "1.1.0", "production")) == ["ada@example.com"]


def test_who_wrote_the_chart_is_an_author(slipway: Harness) -> None:
    """The chart decides as much as the code what runs."""
    slipway.outside.commit(branch("1.0.0"), {"charts/delivery/values.yaml": b"replicas: 9\n"}, by=SAM)
    slipway.push_release("1.0.0")
    slipway.pump()

    assert "sam@example.com" in mails(facts(slipway, "1.0.0", "production"))


def test_who_pushed_is_an_author_with_every_mail(slipway: Harness) -> None:
    """Attack: commits under another's name, pushed under one's own, and approved by oneself."""
    slipway.outside.commit(branch("1.0.0"), {"src/shipping/delivery/a": b"1"}, by=ADA)
    slipway.tell_push(branch("1.0.0"), by=RITA)
    slipway.pump()
    handled = slipway.answer(RITA)

    assert RITA in slipway.release("1.0.0").pushers
    assert (handled.outcome, handled.code) == ("refused", "author")
    assert slipway.live("production") == ""


def test_a_pusher_that_nobody_knows_is_nobody(slipway: Harness) -> None:
    """Those who wrote it are authors all the same."""
    commit = slipway.outside.commit(branch("1.0.0"), {"src/shipping/delivery/a": b"1"}, by=SAM)
    handle(slipway.app, ev.ChangeFound(id="c", service=DELIVERY, ref=branch("1.0.0"), commit=commit, number=1))
    slipway.pump()

    assert mails(facts(slipway, "1.0.0", "qa")) == ["ada@example.com", "sam@example.com"]


def test_a_rewritten_history_makes_everybody_an_author(slipway: Harness) -> None:
    """What is live is no ancestor: nobody who wrote any of it slips through."""
    slipway.release_to("1.0.0")
    first = slipway.outside.source.commits("shipping", None, slipway.release("1.0.0").commit)[-1]
    slipway.outside.commit(branch("1.1.0"), {"src/shipping/delivery/a": b"1"}, by=SAM, base=first.id)
    slipway.tell_push(branch("1.1.0"))
    slipway.pump()

    assert "sam@example.com" in mails(facts(slipway, "1.1.0", "production"))


def test_every_earlier_good_artifact_is_looked_for(slipway: Harness) -> None:
    """By both digests, in the namespace that the environment reads; the one that is live comes first."""
    for version in ("1.0.0", "1.0.1"):
        slipway.release_to(version)
    live, older = slipway.environment("production").good
    slipway.outside.registry.lose_tag("prod/charts/delivery", "1.0.0")
    slipway.release_to("1.0.2", approve=False)

    assert facts(slipway, "1.0.2", "production").targets == (
        (live.promotion, Presence.HERE),
        (older.promotion, Presence.COPYABLE),
    )


def test_what_is_nowhere_any_more_is_gone(slipway: Harness) -> None:
    """Neither under `prod/` nor where it was built."""
    slipway.release_to("1.0.0")
    effect = asked(slipway, "1.0.1", environment="production")
    for repository in ("delivery", "prod/delivery"):
        slipway.outside.registry.lose(repository)
    do(slipway, effect)

    assert facts(slipway, "1.0.1", "production").targets[0][1] is Presence.GONE


def test_an_environment_without_a_namespace_has_nowhere_to_copy_from(slipway: Harness) -> None:
    """Its own repository is the only one."""
    slipway.release_to("1.0.0")
    slipway.outside.registry.lose("charts/delivery")
    slipway.push_release("1.0.1")
    slipway.pump()

    assert facts(slipway, "1.0.1", "qa").targets[0][1] is Presence.GONE


def test_a_first_deployment_has_nothing_to_go_back_to(slipway: Harness) -> None:
    """And that is known, not unknown."""
    slipway.release_to("1.0.0", approve=False)

    assert facts(slipway, "1.0.0", "qa").targets == ()


def test_a_registry_out_of_reach_is_asked_again(slipway: Harness) -> None:
    """A going forward waits until it can be said what it could go back to."""
    slipway.release_to("1.0.0")
    effect = asked(slipway, "1.0.1")
    slipway.outside.troubles.add("registry.read", Transient("busy"))
    do(slipway, effect)
    before = slipway.promotion("1.0.1", "qa").facts
    slipway.pump()

    assert before is None
    assert slipway.promotion("1.0.1", "qa").phase == "Succeeded"


def test_what_somebody_else_wrote_is_seen(slipway: Harness) -> None:
    """Changed by hand: nothing goes forward until a person says what is live."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.by_hand("qa", "delivery", "busybox")
    slipway.push_release("1.0.1")
    slipway.pump()

    assert facts(slipway, "1.0.1", "qa").foreign == "revision hand1 was not written by Slipway"
    assert slipway.promotion("1.0.1", "qa").phase == "Waiting"


def test_what_slipway_left_there_is_not_foreign(slipway: Harness) -> None:
    """Nor is an empty environment."""
    slipway.release_to("1.0.0")
    slipway.push_release("1.0.1")
    slipway.pump()

    assert facts(slipway, "1.0.0", "qa").foreign == ""
    assert facts(slipway, "1.0.1", "qa").foreign == ""


def test_a_rollback_asks_for_its_targets_alone(slipway: Harness) -> None:
    """No authors, no rendering, no look at what runs: nothing that could keep it."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.0.1"] = RolloutState.DEGRADED
    slipway.release_to("1.0.1")
    back = slipway.promotion("1.0.1", "production")
    assert back.facts is not None

    assert back.kind is PromotionKind.ROLLBACK
    assert [presence for _, presence in back.facts.targets] == [Presence.HERE]
    assert (back.facts.authors, back.rendered, back.facts.foreign) == (Authors(), None, "")


def test_a_rollback_does_not_wait_for_a_registry_out_of_reach(slipway: Harness) -> None:
    """Nodes may hold the image; a registry that is down is no reason to leave what is broken."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.0.1"] = RolloutState.DEGRADED
    slipway.release_to("1.0.1", approve=False)
    slipway.answer()
    slipway.pump(*all_but(GATHER))
    effect = the(slipway, GatherFacts)
    slipway.outside.troubles.add("registry.read", *[Transient("down")] * 9)
    do(slipway, effect)
    slipway.pump()

    assert slipway.promotion("1.0.1", "production").phase == "RolledBack"
    assert slipway.live("production") == "1.0.0"


def test_facts_of_a_promotion_that_ended_are_not_read(slipway: Harness) -> None:
    """Nobody waits for them."""
    effect = asked(slipway)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    renders = slipway.outside.troubles.calls.count("charts.render")
    do(slipway, effect)

    assert slipway.outside.troubles.calls.count("charts.render") == renders
    assert effect not in open_effects(slipway)


def test_facts_of_a_promotion_that_never_was_are_not_read(slipway: Harness) -> None:
    """Among those that wait, none has the number."""
    asked(slipway)
    entries = slipway.timeline()
    do(slipway, GatherFacts(service=DELIVERY, number=99, asked=1))

    assert slipway.timeline() == entries


def test_the_report_of_facts_is_named_by_its_effect(slipway: Harness) -> None:
    """Read twice, they count once."""
    effect = asked(slipway)
    do(slipway, effect)
    entries = slipway.timeline()
    do(slipway, effect)

    assert latest(slipway).event_id == f"{effect.id}:done"
    assert slipway.timeline() == entries
