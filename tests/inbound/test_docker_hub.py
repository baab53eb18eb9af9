"""What Docker Hub's web hook says, as an event."""

from __future__ import annotations

import pytest

from shared.domain.messages.events import TagPushed
from shared.inbound.docker_hub import changes_in
from shared.inbound.json_body import read_object
from shared.inbound.problems import Unacceptable
from tests.support.payloads import changed, payload

HUB = "docker-hub"


def read(body: bytes) -> TagPushed:
    """The one event that a body comes to."""
    [found] = changes_in(read_object(body)).events
    assert isinstance(found, TagPushed)
    return found


def test_a_push_is_a_tag_without_a_digest() -> None:
    """What the tag names is read from the registry."""
    found = read(payload(HUB))

    assert (found.registry, found.repository, found.tag, found.digest) == (
        "docker.io",
        "fabrikam/delivery",
        "v1.0.2",
        None,
    )


def test_an_id_is_made_of_what_is_told_as_none_is_sent() -> None:
    """The same for the same delivery, and another for another push, tag or repository."""
    others = [
        changed(HUB, "push_data", "pushed_at", to=1763996460),
        changed(HUB, "push_data", "tag", to="v1.0.3"),
        changed(HUB, "repository", "repo_name", to="fabrikam/package"),
    ]

    ids = {read(body).id for body in (payload(HUB), *others)}

    assert read(payload(HUB)).id == read(changed(HUB, "callback_url", to="http://169.254.169.254/")).id
    assert len(ids) == 4
    assert all(one.startswith("docker-hub:") for one in ids)


@pytest.mark.parametrize("time", [1763996400, 1.7639964e9, None])
def test_a_time_may_be_whole_a_fraction_or_missing(time: object) -> None:
    """Docker Hub has sent each of them."""
    assert read(changed(HUB, "push_data", "pushed_at", to=time)).tag == "v1.0.2"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("push_data",), None, "push_data"),
        (("push_data", "tag"), "", "push_data.tag"),
        (("push_data", "pushed_at"), True, "push_data.pushed_at"),
        (("push_data", "pushed_at"), "now", "push_data.pushed_at"),
        (("repository",), None, "repository"),
        (("repository", "repo_name"), 5, "repository.repo_name"),
    ],
)
def test_what_is_not_of_that_shape_is_refused_with_its_field(path: tuple[str, ...], value: object, field: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Unacceptable) as found:
        read(changed(HUB, *path, to=value))

    assert (int(found.value.status), found.value.field) == (400, field)
