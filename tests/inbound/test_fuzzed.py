"""Whatever comes in is read or refused in the documented way; nothing else comes out of a parser."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.messages.events import PushReceived, RegistryEvent
from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.inbound import requests
from shared.inbound.acr_events import read_event
from shared.inbound.bodies import RedeployBody
from shared.inbound.git_hook import read_pushes
from shared.inbound.json_body import decode, read_object
from shared.inbound.principal import HEADER, Principal, read_principal
from shared.inbound.problems import Unacceptable, problem_of
from shared.inbound.registry_body import read_changes
from shared.inbound.requests import Asked
from shared.inbound.secrets import check_secret
from tests.support.api_document import described
from tests.support.fuzzing import ANY_BYTES, ANY_JSON, TEXTS, changed_json, filled_anew, many, mutated
from tests.support.payloads import payload

pytestmark = pytest.mark.slow
REGISTRIES = ("cncf-distribution", "acr-hook-push", "acr-hook-delete", "docker-hub")
[EVENT_GRID] = json.loads(payload("event-grid-image-pushed"))
TRANSLATORS: list[Callable[[Asked], Any]] = [
    requests.promote,
    requests.abort,
    requests.retry,
    requests.redeploy,
    requests.rollback,
    requests.override,
    requests.adopt,
    requests.answer,
    requests.lift,
]
EXAMPLES = [dict(one.operation.example) for one in described() if one.operation.body.startswith("bodies.")]
BODIES = ANY_BYTES | st.sampled_from(EXAMPLES).flatmap(lambda value: mutated(value) | filled_anew(value)).map(
    lambda value: json.dumps(value).encode()
)
ROUTE = st.fixed_dictionaries(
    {
        name: TEXTS | st.sampled_from(("1.0.2", "qa", "v1.0.0", "stop"))
        for name in ("version", "environment", "request", "id")
    }
)
CLAIMS = {
    "auth_typ": "aad",
    "role_typ": "roles",
    "claims": [{"typ": typ, "val": "x"} for typ in ("oid", "name", "preferred_username", "groups", "roles")],
}


def outcome_of(do: Callable[[], Any]) -> Any:
    """What it returns, or the refusal, whose answer is the caller's fault and can be written down."""
    try:
        return do()
    except (Unacceptable, InvalidValue) as refused:
        problem = problem_of(refused)
        assert 400 <= problem.status < 500
        assert json.dumps(problem.members()).encode()
        return refused


def can_be_stored(*texts: str) -> bool:
    """Whether texts are characters, and no halves of them."""
    return all(text == text.encode().decode() for text in texts)


@many(150)
@given(ANY_BYTES | changed_json(payload("git-hook")))
def test_a_git_hook_is_read_or_refused(body: bytes) -> None:
    """Each event of it can be stored."""
    found = outcome_of(lambda: read_pushes(body))

    if not isinstance(found, Exception):
        assert found
        assert all(isinstance(one, PushReceived) for one in found)
        assert all(can_be_stored(one.id, one.repository, one.ref, one.commit) for one in found)


@many(150)
@given(ANY_BYTES | st.sampled_from(REGISTRIES).map(payload).flatmap(changed_json))
def test_a_registry_hook_is_read_or_refused(body: bytes) -> None:
    """Each event of it can be stored."""
    found = outcome_of(lambda: read_changes(body))

    if not isinstance(found, Exception):
        assert all(isinstance(one, RegistryEvent) for one in found.events)
        assert all(can_be_stored(one.id, one.registry, one.repository, one.tag) for one in found.events)


@many(150)
@given(ANY_JSON | mutated(EVENT_GRID) | filled_anew(EVENT_GRID))
def test_an_event_of_event_grid_is_read_or_refused(sent: Any) -> None:
    """Each event of it can be stored."""
    told = sent if isinstance(sent, dict) else {"data": sent, "id": sent, "eventType": EVENT_GRID["eventType"]}
    id_, type_, source, data = (told.get(name) for name in ("id", "eventType", "topic", "data"))
    found = outcome_of(lambda: read_event(id_=id_, type_=type_, source=source, data=data))

    if not isinstance(found, Exception):
        assert all(can_be_stored(one.id, one.registry, one.repository, one.tag) for one in found.events)


@many(300)
@given(BODIES, ROUTE, st.sampled_from(TRANSLATORS))
def test_a_request_is_an_event_or_refused(
    body: bytes, route: dict[str, str], translate: Callable[[Asked], Any]
) -> None:
    """Whatever the body and the route's parameters are."""
    person, service = Person(id="1", name="Olga"), ServiceKey("shipping", "delivery")

    found = outcome_of(
        lambda: translate(
            Asked(id="api:1", service=service, person=person, route=route, body=read_object(body, empty=True))
        )
    )

    assert isinstance(found, Exception) or found.id == "api:1"


@many(150)
@given(BODIES)
def test_a_hold_is_asked_for_or_refused(body: bytes) -> None:
    """Its time is in UTC, and its scope one that can be looked up."""
    found = outcome_of(lambda: requests.hold(read_object(body)))

    if not isinstance(found, Exception):
        assert found.until is None or found.until.utcoffset() is not None
        assert can_be_stored(found.scope, found.reason)


@many(150)
@given(ANY_JSON | mutated(CLAIMS) | filled_anew(CLAIMS))
def test_a_principal_is_read_or_refused(content: Any) -> None:
    """With an id and a name, and with texts that can be stored."""
    text = base64.b64encode(json.dumps(content).encode()).decode()

    found = outcome_of(lambda: read_principal({HEADER: text}))

    if isinstance(found, Principal):
        assert found.person.id
        assert found.person.name
        assert can_be_stored(found.person.id, found.person.name, *found.person.mails, *found.memberships)


@many(100)
@given(st.dictionaries(st.sampled_from(("x-slipway-secret", "authorization")), TEXTS | TEXTS.map("Bearer {}".format)))
def test_a_secret_that_is_not_shown_is_refused(headers: dict[str, str]) -> None:
    """Whatever is shown instead."""
    with pytest.raises(Unacceptable):
        check_secret(headers, "the-secret", bearer=True)


@many(100)
@given(TEXTS)
def test_headers_and_query_strings_are_read_or_refused(text: str) -> None:
    """A key is as it was sent, a number within its bounds."""
    key = outcome_of(lambda: requests.idempotency_key({"idempotency-key": text}))
    assert isinstance(outcome_of(lambda: read_principal({HEADER: text})), Unacceptable)
    number = outcome_of(lambda: requests.whole_number({"most": text}, "most", default=20, most=100))

    assert key == text or isinstance(key, Unacceptable)
    assert isinstance(number, Unacceptable) or 0 <= number <= 100


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 2**20, id="nested lists"),
        pytest.param(b'{"a":' * 2**17, id="nested objects"),
        pytest.param(b'{"a":' + b"9" * 2**20 + b"}", id="a huge number"),
        pytest.param(b'{"a":1e' + b"9" * 2**20 + b"}", id="a huge exponent"),
        pytest.param(b'{"refs":[' + b"{}," * 2**18 + b"{}]}", id="a long list"),
        pytest.param(b'{"events":' + b"[" * 30 + b"1," * 2**18 + b"1" + b"]" * 30 + b"}", id="deep and wide"),
        pytest.param(b"{" + b",".join(b'"%d":1' % number for number in range(2**16)) + b"}", id="many names"),
        pytest.param(b'{"version":"1.0.0-' + b"a." * 2**18 + b'"}', id="a version of many parts"),
        pytest.param(b'{"scope":"service:' + b"a-" * 2**18 + b'"}', id="a long scope"),
    ],
)
def test_the_largest_hostile_bodies_come_to_an_end(body: bytes) -> None:
    """All of them are refused; one that took time beyond its size would never get here."""
    assert isinstance(outcome_of(lambda: read_pushes(body)), Unacceptable)
    assert isinstance(outcome_of(lambda: read_changes(body)), Unacceptable)
    assert isinstance(outcome_of(lambda: requests.hold(read_object(body))), Unacceptable)
    assert isinstance(outcome_of(lambda: decode(read_object(body), RedeployBody)), Unacceptable)
