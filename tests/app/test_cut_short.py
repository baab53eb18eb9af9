"""Steps that come to nothing: what was changed all the same, and whose fault it is."""

from __future__ import annotations

from contextlib import suppress

from shared.domain.messages import events as ev
from shared.domain.messages.effects import Deploy
from shared.domain.state.phases import PromotionKind
from shared.ports.errors import Permanent, Transient
from tests.support.app_looks import Failing, all_but, do, the
from tests.support.app_parts import Harness


def second_deployment(slipway: Harness) -> Deploy:
    """Have 1.0.0 live in QA and 1.1.0 about to be deployed there."""
    slipway.release_to("1.0.0", approve=False)
    slipway.push_release("1.1.0")
    slipway.pump(*all_but("deploy"))
    return the(slipway, Deploy)


def test_a_refusal_after_a_try_that_was_cut_short_is_undone(slipway: Harness) -> None:
    """The environment shows that this promotion was written there."""
    effect = second_deployment(slipway)
    queues, messages = slipway.app.queues, slipway.app.store.read(str(effect.service)).outbox
    do_and_lose_the_report(slipway, effect)
    assert slipway.app.queues is queues
    assert slipway.app.store.read(str(effect.service)).outbox.keys() == messages.keys()
    slipway.outside.troubles.add("applier.write", Permanent("the folder is closed"))

    slipway.pump()

    assert slipway.promotion("1.1.0", "qa").kind is PromotionKind.ROLLBACK
    assert slipway.running("qa").version == "1.0.0"


def do_and_lose_the_report(slipway: Harness, effect: Deploy) -> None:
    """Write the deployment as a worker that dies before it reports."""
    store = slipway.app.store
    slipway.wrap(store=Failing(store, MemoryError("killed")))
    with suppress(MemoryError):
        do(slipway, effect)
    slipway.wrap(store=store)


def test_a_refusal_that_changed_nothing_is_not_undone(slipway: Harness) -> None:
    """There is nothing to go back from."""
    second_deployment(slipway)
    slipway.outside.troubles.add("applier.write", Permanent("the folder is closed"))

    slipway.pump()

    assert slipway.promotion("1.1.0", "qa").phase == "Failed"
    assert slipway.running("qa").version == "1.0.0"


def test_a_refusal_in_an_environment_that_cannot_be_read_is_undone(slipway: Harness) -> None:
    """Nobody can say that nothing was changed."""
    second_deployment(slipway)
    slipway.outside.troubles.add("applier.write", Permanent("the folder is closed"))
    slipway.outside.troubles.before["applier.write"] = lambda: slipway.outside.troubles.add(
        "applier.read", Transient("no route")
    )

    slipway.pump()

    assert slipway.promotion("1.1.0", "qa").kind is PromotionKind.ROLLBACK


def test_an_artifact_that_is_gone_from_the_registry_is_the_platforms_fault(slipway: Harness) -> None:
    """A clean-up took it away; the release was well made."""
    slipway.release_to("1.0.0", approve=False)
    slipway.answer()
    slipway.outside.registry.lose("delivery")

    slipway.pump()

    assert slipway.promotion("1.0.0", "production").phase == "Errored"


def test_a_refusal_of_what_was_aborted_meanwhile_says_only_that_it_writes_no_more(slipway: Harness) -> None:
    """Whether it is undone was decided by the abort."""
    second_deployment(slipway)
    troubles = slipway.outside.troubles
    troubles.add("applier.write", Permanent("the folder is closed"))
    troubles.before["applier.write"] = lambda: slipway.ask(ev.AbortRequested, version="1.1.0", reason="stop")

    slipway.pump()

    attempts = [one.phase for one in slipway.release("1.1.0").promotions if one.environment == "qa"]
    assert attempts == ["Aborted", "RolledBack"]
    assert slipway.running("qa").version == "1.0.0"
