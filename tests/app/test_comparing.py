"""What is wrong with one branch or repository keeps no other waiting, and health says it until it is over."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from shared.app.hook_events.compare_branches import not_compared
from shared.app.hook_events.inspect_push import inspect_push
from shared.app.sweep import sweep
from shared.app.views.health import health
from shared.codec.comparing import NOT_COMPARED, ROW
from shared.codec.repository import tip_row
from shared.domain.messages import events as ev
from shared.domain.state.repository import NotCompared
from shared.ports.errors import Transient
from shared.ports.store import StoreUnavailable
from tests.support.app_looks import queued
from tests.support.app_parts import Harness
from tests.support.outside import MAIN, SHIPPING

ODD = "refs/heads/x\u2028y"
LONG = "refs/heads/" + "\u0085" * 100
FEATURE = "refs/heads/feature/delivery/x"


def test_a_repository_that_cannot_be_compared_shows_in_health_until_it_can(slipway: Harness) -> None:
    """With the words of what is wrong, and since when; the next comparing that works ends it."""
    slipway.outside.troubles.add("source", Transient("git is broken"), Transient("git is broken"))
    began = slipway.app.now()
    sweep(slipway.app)
    slipway.outside.clock.advance(timedelta(minutes=1))
    sweep(slipway.app)
    found = health(slipway.app)
    sweep(slipway.app)

    assert found.status == "degraded"
    (shown,) = found.repositories
    assert shown.not_compared == f"since {began:%Y-%m-%dT%H:%M:%S.%fZ}: git is broken"
    assert health(slipway.app).status == "ok"


def test_a_fault_of_our_own_is_named_by_its_kind(slipway: Harness) -> None:
    """Nobody wrote words for it; a later one with other words has the time of the first."""
    began = slipway.app.now()
    slipway.outside.troubles.add("source", RuntimeError("x"))
    sweep(slipway.app)
    slipway.outside.clock.advance(timedelta(minutes=1))
    slipway.outside.troubles.add("source", Transient("y" * 2000))
    first = dict(not_compared(slipway.app))
    sweep(slipway.app)

    assert first == {SHIPPING: NotCompared(reason="RuntimeError: x", since=began)}
    assert not_compared(slipway.app) == {SHIPPING: NotCompared(reason="y" * 1000, since=began)}


def test_nothing_is_kept_of_it_while_nothing_can_be_kept(slipway: Harness) -> None:
    """Health says that of the store."""
    slipway.outside.troubles.add("source", StoreUnavailable("full"))
    sweep(slipway.app)

    assert not_compared(slipway.app) == {}


def test_a_store_that_fails_at_one_branch_ends_the_comparing(slipway: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other branches would only fail in the same way, each after its time."""
    asked: list[str] = []

    def down(queue: str, body: str) -> None:
        asked.append(queue)
        raise StoreUnavailable("down")

    slipway.outside.commit(FEATURE, {"x": b"1"})
    slipway.outside.commit(ODD, {"x": b"1"})
    monkeypatch.setattr(slipway.app.queues, "send", down)
    sweep(slipway.app)

    assert len(asked) == 1


def test_what_was_wrong_with_a_repository_that_is_gone_is_not_said(slipway: Harness) -> None:
    """Nobody compares it any more."""
    slipway.app.rows.overwrite("gone", ROW, NOT_COMPARED.encode(NotCompared(reason="x", since=slipway.app.now())))
    sweep(slipway.app)

    assert not_compared(slipway.app) == {}


def test_attack_a_branch_of_any_name_ends_no_comparing(slipway: Harness) -> None:
    """Signs that end a line for Python are letters of a name; what is too long for a row is ignored by its name."""
    for ref in (ODD, LONG, FEATURE):
        slipway.outside.commit(ref, {"x": b"1"})
    sweep(slipway.app)
    asked = queued(slipway, "inspect-push")
    slipway.pump()

    assert asked == 2
    kept = [slipway.app.rows.get(SHIPPING, tip_row(ref)) is not None for ref in (ODD, FEATURE, LONG)]
    assert kept == [True, True, False]


def test_attack_a_row_that_cannot_be_read_keeps_no_branch_waiting(
    slipway: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither by its name nor by what is in it; health says that there is one."""
    slipway.app.rows.overwrite(SHIPPING, "tip~=ZZ", b"{}")
    slipway.app.rows.overwrite(SHIPPING, tip_row("refs/heads/a"), b"damaged")
    slipway.outside.commit(FEATURE, {"x": b"1"})
    with caplog.at_level(logging.WARNING):
        sweep(slipway.app)

    assert queued(slipway, "inspect-push") == 1
    assert SHIPPING in not_compared(slipway.app)
    assert caplog.text.count("sweep.ref_failed") == 2


def test_a_push_to_a_branch_whose_name_cannot_be_kept_is_ignored(slipway: Harness) -> None:
    """As one to a tag is."""
    for ref in (LONG, "refs/tags/v1"):
        inspect_push(slipway.app, ev.PushReceived(id="p", repository=SHIPPING, ref=ref))

    assert slipway.app.rows.get(SHIPPING, tip_row(LONG)) is None


def test_another_hosts_tick_may_be_faster(slipway: Harness) -> None:
    """The row is gone or written anew when this one would remove it."""
    slipway.app.rows.overwrite(SHIPPING, ROW, NOT_COMPARED.encode(NotCompared(reason="x", since=slipway.app.now())))
    newer = NOT_COMPARED.encode(NotCompared(reason="newer", since=slipway.app.now()))
    slipway.outside.troubles.before["source"] = lambda: slipway.app.rows.overwrite(SHIPPING, ROW, newer)
    sweep(slipway.app)

    assert not_compared(slipway.app)[SHIPPING].reason == "newer"
    assert slipway.app.rows.get(SHIPPING, tip_row(MAIN)) is not None
