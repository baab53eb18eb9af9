"""What exactly would be deployed, as the target environment sees it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.messages import events as ev
from shared.domain.state.deployment import (
    LONGEST_REASON,
    change_cause,
    image_references,
    placeholder_values,
    plain_words,
    stand_in,
)
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release
from tests.support.parts import chart_of
from tests.support.pilot import OPERATOR, PRODUCTION, QA, Pilot, digest, policy

RELEASED: Release = Pilot().release_to("1.0.0").release("1.0.0")
IN_QA, IN_PRODUCTION = RELEASED.promotions


def rolled_back() -> Promotion:
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    pilot.tell(ev.RollbackRequested(**pilot.ids(), environment="qa", reason="too slow", to="", person=OPERATOR))
    return pilot.promotion("1.1.0", "qa")


def test_an_image_is_named_by_tag_and_digest() -> None:
    """The tag for people, the digest for the cluster."""
    assert RELEASED.artifact is not None

    assert image_references(RELEASED.artifact, QA)[0] == f"localhost:5000/delivery:v1.0.0@{digest('image 1')}"


def test_an_environment_with_its_own_registry_namespace_reads_nothing_else() -> None:
    """Production pulls from `prod/`."""
    assert RELEASED.artifact is not None

    assert image_references(RELEASED.artifact, PRODUCTION)[0].startswith("localhost:5000/prod/delivery:v1.0.0@sha256:")


def test_every_placeholder_has_its_value_as_the_environment_sees_it() -> None:
    """The whole list of the configuration's contract."""
    assert RELEASED.artifact is not None

    cause = change_cause(RELEASED.artifact, IN_PRODUCTION)

    assert placeholder_values("delivery", RELEASED.artifact, PRODUCTION, reason=cause) == {
        "registry": "localhost:5000",
        "repository": "prod/delivery",
        "image": "localhost:5000/prod/delivery",
        "tag": "v1.0.0",
        "digest": str(digest("image 1")),
        "version": "1.0.0",
        "service": "delivery",
        "environment": "production",
        "commit": "b" * 40,
        "reason": "v1.0.0 promotion 2 v1.0.0 was packaged",
    }


def test_a_rollback_says_so_in_its_change_cause() -> None:
    """Who reads the cluster's history sees why."""
    assert RELEASED.artifact is not None

    cause = change_cause(RELEASED.artifact, rolled_back())

    assert cause == "rollback to v1.0.0, promotion 5: too slow (Olga Operator)"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ('urgent: "quotes", a\\backslash and a\ttab', "urgent quotes a backslash and a tab"),
        ("it's #1 {{ .Values.x }} & *b | > %", "it s 1 .Values.x b"),
        ("größer (Jörg), v1.0.2-rc.1", "größer (Jörg) v1.0.2-rc.1"),
        ("two\nlines\u2028and\x85more", "two lines and more"),
        ("- a list? no", "a list no"),
        ("!:", ""),
    ],
)
def test_a_reason_keeps_no_sign_that_yaml_minds(said: str, kept: str) -> None:
    """People's words stay in the ledger and the commit."""
    assert plain_words(said) == kept


@given(st.text())
def test_attack_a_reason_breaks_no_scalar(said: str) -> None:
    """Attack: who gives a reason writes into the manifests, wherever the chart puts it."""
    text = plain_words(f"v1.0.0, promotion 2: {said}")

    assert yaml.safe_load(f"a: {text}\nb: 1") == {"a": text, "b": 1}
    assert yaml.safe_load(f"a: '{text}'\nb: \"{text}\"") == {"a": text, "b": text}
    assert len(text) <= LONGEST_REASON


def test_a_stand_in_has_the_services_names_and_no_digest() -> None:
    """A chart is tried with it before anything is pushed."""
    found = stand_in(policy(), "c" * 40)

    assert (found.version.text, found.commit) == ("0.0.0-check", "c" * 40)
    assert found.image.digest == chart_of(found).digest
    assert found.image.digest.text == "sha256:" + "0" * 64
    assert image_references(found, PRODUCTION)[0].startswith("localhost:5000/prod/delivery:v0.0.0-check@sha256:000")
