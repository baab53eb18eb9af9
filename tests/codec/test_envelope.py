"""Events and effects go through a queue and come out as they went in."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.codec import envelope
from shared.codec.errors import UnknownMessage, UnreadableRecord
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import ServiceEffect
from shared.domain.messages.events import EffectDone, HookEvent, ServiceEvent
from shared.domain.values.records import type_name
from tests.support.codec import examples as ex
from tests.support.codec.messages import MESSAGES, encode
from tests.support.codec.records import any_of

EVENTS = (*get_args(ServiceEvent), *get_args(HookEvent), EffectDone)
EFFECTS = get_args(ServiceEffect)


@pytest.mark.parametrize("type_", EVENTS, ids=lambda type_: type_.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_every_event_comes_out_as_it_went_in(type_: Any, data: st.DataObject) -> None:
    """Each member of the closed unions has a codec that loses nothing."""
    event = data.draw(any_of(type_))

    message = envelope.decode(envelope.encode_event(event, correlation="c", at=ex.NOON))

    assert message == envelope.ReadMessage(event=event, delivery=Delivery(correlation="c"), at=ex.NOON)


@pytest.mark.parametrize("type_", EFFECTS, ids=lambda type_: type_.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_every_effect_comes_out_as_it_went_in(type_: Any, data: st.DataObject) -> None:
    """So does what goes with it, and its id can be had without the rest."""
    effect, delivery = data.draw(any_of(type_)), data.draw(any_of(Delivery))

    text = envelope.encode_effect(effect, delivery, at=ex.NOON)

    assert envelope.decode(text) == envelope.ReadMessage(effect=effect, delivery=delivery, at=ex.NOON)
    assert envelope.effect_id_of(text) == effect.id


def test_every_type_has_one_name_and_the_examples_have_them_all() -> None:
    """A name is used once, over events and effects."""
    names = {type_name(message) for message in MESSAGES}

    assert {type(message) for message in MESSAGES} == {*EVENTS, *EFFECTS}
    assert len(names) == len(MESSAGES)


def test_an_envelope_shows_what_it_is_about_without_its_body_being_read() -> None:
    """Even a damaged message can be looked at in the poison queue."""
    values = json.loads(encode(MESSAGES[0]))
    values["message"]["policy"] = "torn"

    shown = envelope.parse(json.dumps(values))

    assert (shown.correlation, shown.message.type, shown.message.service) == ("c-1", "policy-changed", "shop~delivery")


def test_a_message_of_an_unknown_type_is_told_from_a_newer_one() -> None:
    """At a schema that we know, no Slipway sends it."""
    values = json.loads(encode(MESSAGES[0]))
    values["message"]["type"] = "coffee-wanted"

    with pytest.raises(UnknownMessage, match="'coffee-wanted' is not known"):
        envelope.decode(json.dumps(values))
    with pytest.raises(UnreadableRecord, match="upgrade"):
        envelope.decode(json.dumps(values | {"schema": envelope.SCHEMA + 1}))


@pytest.mark.parametrize("type_", EVENTS, ids=lambda type_: type_.__name__)
@settings(max_examples=25)
@given(data=st.data(), correlation=st.text() | st.just('"service":"other"'))
def test_whom_an_event_is_about_is_told_without_reading_it(type_: Any, data: st.DataObject, correlation: str) -> None:
    """Whatever its content says; nothing where a text is no message of ours."""
    text = envelope.encode_event(data.draw(any_of(type_)), correlation=correlation, at=ex.NOON)
    about = envelope.parse(text).message

    assert envelope.addressee(text) == (about.service or about.repository)
    assert envelope.addressee(correlation.replace("service", "")) == ""
