"""A push concerns a service by what links in its folders lead to, where its file names no paths."""

from __future__ import annotations

import pytest

from shared.app.hook_events.inspect_push import inspect_push
from shared.domain.messages import events as ev
from shared.ports.errors import NotFound, Permanent
from tests.support.app_parts import DELIVERY, PACKAGE, Harness
from tests.support.outside import MAIN, SHIPPING, SLIPWAY_YAML

TOPIC = "refs/heads/feature/topic"
WRITTEN = (
    'triggers: {{branches: {{include: [main, "feature/{0}/*"]}}, paths: {{include: [src/shipping/{0}]}}, batch: true}}'
)
LINKED = SLIPWAY_YAML.replace(WRITTEN.format("delivery"), "triggers: {}")


def told(slipway: Harness, ref: str) -> None:
    """Inspect a push as its message would have it inspected."""
    inspect_push(slipway.app, ev.PushReceived(id="p", repository=SHIPPING, ref=ref))


def validated(slipway: Harness, ref: str) -> list[bool]:
    """Whether delivery and package are validated."""
    return [ref in slipway.state(service).validations for service in (DELIVERY, PACKAGE)]


@pytest.fixture
def linked(slipway: Harness) -> Harness:
    """Delivery names no paths, and its folder holds a link to lib."""
    assert LINKED != SLIPWAY_YAML
    slipway.outside.commit(
        MAIN, {"slipway.yaml": LINKED.encode(), "src/shipping/delivery/lib": b"-> lib", "lib/a.py": b"1"}
    )
    told(slipway, MAIN)
    return slipway


def test_a_change_of_what_a_link_leads_to_is_validated(linked: Harness) -> None:
    """Somebody who changes lib changes delivery."""
    linked.outside.commit(TOPIC, {"lib/a.py": b"2"})
    told(linked, TOPIC)

    assert validated(linked, TOPIC) == [True, False]


def test_a_change_elsewhere_is_not(linked: Harness) -> None:
    """Links of one service are not those of another, and attributes build nothing."""
    linked.outside.commit(TOPIC, {"docs/x.md": b"2", ".gitattributes": b"* text"})
    told(linked, TOPIC)

    assert validated(linked, TOPIC) == [False, False]


def test_written_paths_follow_no_links(slipway: Harness) -> None:
    """They are the file's word, as Azure Pipelines takes it."""
    slipway.outside.commit(MAIN, {"src/shipping/delivery/lib": b"-> lib", "lib/a.py": b"1"})
    told(slipway, MAIN)
    topic = "refs/heads/feature/delivery/x"
    slipway.outside.commit(topic, {"lib/a.py": b"2"})
    told(slipway, topic)

    assert validated(slipway, topic) == [False, False]


def test_each_service_counts_by_its_own_links(linked: Harness) -> None:
    """Where both name no paths, what only one of them uses is a change of that one."""
    both = LINKED.replace(WRITTEN.format("package"), "triggers: {}")
    linked.outside.commit(MAIN, {"slipway.yaml": both.encode()})
    told(linked, MAIN)
    linked.outside.commit(TOPIC, {"lib/a.py": b"2"})
    told(linked, TOPIC)

    assert validated(linked, TOPIC) == [True, False]


def test_a_push_that_is_too_large_to_compare_concerns_every_service_of_its_branch(linked: Harness) -> None:
    """Their builds say what is wrong with it; nobody waits for it to become smaller."""
    linked.outside.commit(TOPIC, {"docs/x.md": b"2"})
    linked.outside.troubles.add("source.changed_paths", Permanent("more than 10 files"))
    told(linked, TOPIC)

    assert validated(linked, TOPIC) == [True, False]


def test_a_push_whose_history_cannot_be_read_concerns_every_service_of_its_branch(linked: Harness) -> None:
    """A commit that is not as git writes it stands in the way of this branch alone, and of nothing for ever."""
    linked.outside.commit(TOPIC, {"docs/x.md": b"1"})
    told(linked, TOPIC)
    linked.outside.commit(TOPIC, {"docs/x.md": b"2"})
    linked.outside.troubles.add("source.contains", Permanent("bogus commit"))
    told(linked, TOPIC)

    assert validated(linked, TOPIC) == [True, False]


def test_a_trouble_of_ours_is_no_property_of_a_push(linked: Harness) -> None:
    """A disk that is full says nothing of whom a push concerns."""
    linked.outside.commit(TOPIC, {"docs/x.md": b"1"})
    linked.outside.troubles.add("source.changed_paths", Permanent("no room", ours=True))

    with pytest.raises(Permanent, match="no room"):
        told(linked, TOPIC)


def test_a_commit_that_is_gone_is_still_not_found(linked: Harness) -> None:
    """It may come back, and concerns nobody until then."""
    linked.outside.commit(TOPIC, {"docs/x.md": b"2"})
    linked.outside.troubles.add("source.changed_paths", NotFound("gone"))

    with pytest.raises(NotFound):
        told(linked, TOPIC)
