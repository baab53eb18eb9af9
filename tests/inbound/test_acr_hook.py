"""What Azure Container Registry's web hooks say, as events."""

from __future__ import annotations

import json

import pytest

from shared.domain.messages.events import ManifestDeleted, TagPushed
from shared.domain.values.names import Digest
from shared.inbound.acr_hook import changes_in
from shared.inbound.json_body import read_object
from shared.inbound.problems import Unacceptable
from shared.inbound.registry_message import RegistryMessage
from tests.support.payloads import changed, payload

PUSHED, DELETED, CHART, PING = "acr-hook-push", "acr-hook-delete", "acr-hook-chart-push", "acr-hook-ping"
DIGEST = Digest(json.loads(payload(PUSHED))["target"]["digest"])
OCI = "application/vnd.oci.image.manifest.v1+json"


def read(body: bytes) -> RegistryMessage:
    """What a body comes to."""
    return changes_in(read_object(body))


def test_a_push_is_a_tag_with_its_digest() -> None:
    """The id is that of the delivery: it stays the same when it is sent again."""
    assert read(payload(PUSHED)) == RegistryMessage(
        (
            TagPushed(
                id="cb8c3971-9adc-488b-9f0a-43cbb4974ff5",
                registry="fabrikam.azurecr.io",
                repository="delivery",
                tag="v1.0.2",
                digest=DIGEST,
            ),
        )
    )


def test_a_deletion_is_a_manifest_of_a_repository() -> None:
    """No tag is named, as all of them went with it."""
    assert read(payload(DELETED)) == RegistryMessage(
        (
            ManifestDeleted(
                id="afc359ce-df7f-4e32-bdde-1ff8aa80927b",
                registry="fabrikam.azurecr.io",
                repository="delivery",
                digest=DIGEST,
            ),
        )
    )


def test_a_deletion_without_a_digest_is_of_the_tag_or_of_the_whole_repository() -> None:
    """Whatever is named is looked for."""
    [whole] = read(changed(DELETED, "target", "digest")).events
    [tagged] = read(changed(DELETED, "target", to={"repository": "delivery", "tag": "v1.0.2"})).events

    assert isinstance(whole, ManifestDeleted)
    assert isinstance(tagged, ManifestDeleted)
    assert (whole.digest, whole.tag) == (None, "")
    assert (tagged.digest, tagged.tag) == (None, "v1.0.2")


@pytest.mark.parametrize("to", ["", None])
def test_an_untagged_push_is_passed_over_by_name(to: str | None) -> None:
    """A push of two platforms raises an event for each of them, and one for their index, which has the tag."""
    found = read(changed(PUSHED, "target", "tag", to=to))

    assert found == RegistryMessage(passed_over=("an untagged manifest, e.g. one platform of an index",))


@pytest.mark.parametrize("action", ["chart_push", "chart_delete"])
def test_a_chart_of_a_retired_chart_repository_is_accepted_and_passed_over(action: str) -> None:
    """It names no registry, and lies where nothing here reads."""
    found = read(changed(CHART, "action", to=action))

    assert found == RegistryMessage(passed_over=("a chart of a retired chart repository; charts are OCI artifacts",))


def test_a_chart_that_is_an_oci_artifact_is_read_whichever_action_tells_of_it() -> None:
    """Pushed as one it should be a push; should it be a chart's, it says the same."""
    target = {"mediaType": OCI, "digest": DIGEST.text, "repository": "charts/delivery", "tag": "1.0.2"}
    body = {**json.loads(payload(PUSHED)), "action": "chart_push", "target": target}
    gone = {**json.loads(payload(DELETED)), "action": "chart_delete", "target": target}

    [pushed] = read(json.dumps(body).encode()).events
    [deleted] = read(json.dumps(gone).encode()).events

    assert isinstance(pushed, TagPushed)
    assert (pushed.repository, pushed.tag, pushed.digest) == ("charts/delivery", "1.0.2", DIGEST)
    assert isinstance(deleted, ManifestDeleted)


@pytest.mark.parametrize(
    "body", [payload(PING), changed(PUSHED, "action", to="quarantine")], ids=["ping", "quarantine"]
)
def test_what_changes_nothing_is_passed_over_with_its_name(body: bytes) -> None:
    """It is answered like any other."""
    found = read(body)

    assert found.events == ()
    assert json.loads(body)["action"] in found.passed_over[0]


@pytest.mark.parametrize("request_", [{}, None, {"host": ""}])
def test_what_names_no_registry_is_passed_over(request_: object) -> None:
    """Whose repository it is cannot be told."""
    found = read(changed(PUSHED, "request", to=request_))

    assert found == RegistryMessage(passed_over=("delivery is of no registry: request.host is missing",))


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("id",), None, "id"),
        (("action",), "", "action"),
        (("target",), "x", "target"),
        (("target", "repository"), None, "target.repository"),
        (("target", "digest"), "md5:1", "target.digest"),
        (("target", "tag"), 5, "target.tag"),
        (("request", "host"), 1, "request.host"),
    ],
)
def test_what_is_not_of_that_shape_is_refused_with_its_field(path: tuple[str, ...], value: object, field: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Unacceptable) as found:
        read(changed(PUSHED, *path, to=value))

    assert (int(found.value.status), found.value.field) == (400, field)
