"""What a registry notifies of, as events."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from infra.local.registry.notifications import PushedTag, envelope
from shared.domain.messages.events import ManifestDeleted, RegistryEvent, TagPushed
from shared.domain.values.names import Digest
from shared.inbound.json_body import read_object
from shared.inbound.problems import Unacceptable
from shared.inbound.registry_hook import changes_in
from tests.support.payloads import changed, payload

RECORDED = "cncf-distribution"
TAGGED = next(n for n, one in enumerate(json.loads(payload(RECORDED))["events"]) if "tag" in one["target"])
EVENT = json.loads(payload(RECORDED))["events"][TAGGED]


DELETED = next(n for n, one in enumerate(json.loads(payload(RECORDED))["events"]) if one["action"] == "delete")
GONE = json.loads(payload(RECORDED))["events"][DELETED]


def read(body: bytes) -> tuple[RegistryEvent, ...]:
    """What a notification comes to."""
    return changes_in(read_object(body)).events


def test_of_what_cncf_distribution_sends_the_tagged_push_and_the_deletion_count() -> None:
    """The blob, the untagged manifest and the pull mean nothing to us."""
    found = read(payload(RECORDED))

    assert found == (
        TagPushed(
            id=f"{EVENT['id']}:v1.0.2",
            registry="localhost:5000",
            repository="delivery",
            tag="v1.0.2",
            digest=Digest(EVENT["target"]["digest"]),
        ),
        ManifestDeleted(
            id=GONE["id"],
            registry="localhost:5000",
            repository="delivery",
            digest=Digest(GONE["target"]["digest"]),
        ),
    )


@pytest.mark.parametrize(
    ("target", "tag"), [({"repository": "delivery", "tag": "v1.0.2"}, "v1.0.2"), ({"repository": "delivery"}, "")]
)
def test_a_deletion_names_a_tag_or_only_the_repository(target: dict[str, str], tag: str) -> None:
    """Newer registries delete tags, and tell of whole repositories."""
    [found] = read(json.dumps({"events": [{**GONE, "target": target}]}).encode())

    assert found == ManifestDeleted(id=GONE["id"], registry="localhost:5000", repository="delivery", tag=tag)


def test_what_the_embedded_registry_sends_is_read_alike() -> None:
    """It speaks the same envelope."""
    pushed = PushedTag(
        repository="charts/delivery",
        tag="1.0.2",
        digest="sha256:" + "a" * 64,
        media_type="application/vnd.oci.image.manifest.v1+json",
        size=500,
        url="http://localhost:5000/v2/charts/delivery/manifests/x",
        host="localhost:5000",
        method="PUT",
        address="127.0.0.1:4",
        user_agent="Helm/4",
    )

    [found] = read(envelope(pushed, id="e-1", at=datetime(2026, 11, 23, tzinfo=UTC)))

    assert found == TagPushed(
        id="e-1:1.0.2",
        registry="localhost:5000",
        repository="charts/delivery",
        tag="1.0.2",
        digest=Digest("sha256:" + "a" * 64),
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("action",), "pull"),
        (("action",), "mount"),
        (("target", "mediaType"), "application/octet-stream"),
        (("target", "mediaType"), "application/vnd.cncf.helm.config.v1+json"),
        (("target", "tag"), ""),
        (("target", "tag"), None),
        (("target",), {}),
    ],
)
def test_what_is_no_push_of_a_tagged_manifest_is_passed_over(path: tuple[str, ...], value: object) -> None:
    """It is answered like any other, as a registry tries again what is refused."""
    [found] = read(changed(RECORDED, "events", TAGGED, *path, to=value))

    assert isinstance(found, ManifestDeleted)


def test_the_registry_is_the_host_that_was_asked_or_else_that_of_the_address() -> None:
    """A registry behind a proxy may leave the first one empty."""
    event = {**EVENT, "request": {}, "target": {**EVENT["target"], "url": "https://registry.example.com/v2/x"}}

    [found] = read(json.dumps({"events": [event]}).encode())

    assert found.registry == "registry.example.com"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "events[0].id"),
        ({"target": "x"}, "events[0].target"),
        ({"target": {**EVENT["target"], "digest": "md5:1"}}, "events[0].target.digest"),
        ({"target": {**EVENT["target"], "digest": None}}, "events[0].target.digest"),
        ({"target": {**EVENT["target"], "repository": 5}}, "events[0].target.repository"),
        ({"target": {**EVENT["target"], "tag": 5}}, "events[0].target.tag"),
        ({"request": {}}, "events[0].request.host"),
        ({"request": {}, "target": {**EVENT["target"], "url": "http://[x/"}}, "events[0].target.url"),
        ({"request": {"host": 1}}, "events[0].request.host"),
        ({"action": 1}, "events[0].action"),
    ],
)
def test_what_is_not_of_that_shape_is_refused_with_its_field(change: dict[str, object], field: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Unacceptable) as found:
        read(json.dumps({"events": [{**EVENT, **change}]}).encode())

    assert (int(found.value.status), found.value.field) == (400, field)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"action":"push","target":{"repository":5}}',
        b'{"action":"push","target":{"repository":"delivery","tag":"v1.0.0"}}',
        b'{"events":null}',
        b'{"events":{"0":{}}}',
    ],
)
def test_a_body_that_is_no_envelope_of_events_is_refused(body: bytes) -> None:
    """Something else posts here."""
    with pytest.raises(Unacceptable) as found:
        read(body)

    assert (int(found.value.status), found.value.field) == (400, "events")
    assert found.value.detail.startswith("events: is ")


@pytest.mark.parametrize("odd", [5, None, {"action": 1}, {**EVENT, "target": {**EVENT["target"], "digest": "md5:1"}}])
def test_one_event_that_cannot_be_read_does_not_refuse_the_others(odd: object) -> None:
    """A registry sends an envelope again until it is taken, and nothing after it; why it was passed over is told."""
    heard = changes_in(read_object(json.dumps({"events": [odd, EVENT]}).encode()))

    assert [one.id for one in heard.events] == [f"{EVENT['id']}:v1.0.2"]
    assert ["events[0]" in reason for reason in heard.passed_over] == [True]


@pytest.mark.parametrize(
    ("odd", "read"),
    [
        ({**EVENT, "actor": {"name": "\ud83d"}}, True),
        ({**EVENT, "id": "\ud83d"}, False),
        ({**EVENT, "\ud83d": 1}, False),
    ],
    ids=["where nobody reads", "where it is read", "in a name"],
)
def test_half_of_a_character_does_not_refuse_other_events(odd: object, read: bool) -> None:
    """Nor its own, where nobody reads it."""
    heard = changes_in(read_object(json.dumps({"events": [EVENT, odd]}).encode()))

    assert len(heard.events) == 1 + read
    assert ["surrogate" in reason for reason in heard.passed_over] == [True] * (not read)


def test_an_envelope_in_which_nothing_can_be_read_is_refused() -> None:
    """Whoever sends it is told the first fault."""
    with pytest.raises(Unacceptable, match=r"events\[0\]: is not an object"):
        changes_in(read_object(b'{"events": [5, 6]}'))
