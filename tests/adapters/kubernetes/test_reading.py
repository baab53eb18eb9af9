"""Kubernetes' JSON: lists of many pages, selectors, and texts that anybody wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.named import named
from shared.adapters.kubernetes.reading import each, number, part, parts, selector, text, when
from shared.ports.errors import Permanent

pytestmark = pytest.mark.pure


class Pages:
    """An API whose list has so many pages of one object each."""

    def __init__(self, count: int) -> None:
        self.count, self.asked = count, 0

    def get(self, path: Sequence[str], query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        """Return the page that the query goes on to."""
        asked = dict(query)
        page = int(asked.get("continue", "0"))
        self.asked += 1
        following = str(page + 1) if page + 1 < self.count else ""
        return {"metadata": {"continue": following}, "items": [{"page": page, "limit": asked["limit"]}]}


def test_a_list_is_read_page_by_page() -> None:
    """As one, and no page before it is needed."""
    pages = Pages(3)
    found = each(cast(Api, pages), ("api", "v1", "pods"))
    first = next(found)

    assert (first["page"], pages.asked) == (0, 1)
    assert [one["page"] for one in found] == [1, 2]


def test_attack_a_list_without_an_end_is_read_to_a_bound() -> None:
    """Memory and time are not a namespace's to take."""
    pages = Pages(1_000_000)

    assert len(list(each(cast(Api, pages), ("api", "v1", "pods")))) == pages.asked == 20


@pytest.mark.parametrize(
    ("found", "written"),
    [
        ({"matchLabels": {"app": "a", "tier": "b"}}, "app=a,tier=b"),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, "app in (a,b)"),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, "app notin (a)"),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, "app"),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, "!app"),
        ({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]}, "a=b,c"),
        ({}, ""),
    ],
)
def test_a_selector_is_written_as_lists_take_it(found: dict[str, Any], written: str) -> None:
    """All that a workload may select its pods by."""
    assert selector(found) == written


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain words", "plain words"),
        ("a\nb\tc", "a b c"),
        ("red\x1b[31m", "red [31m"),
        ("\u202etxt.exe", "txt.exe"),
        (None, ""),
        ("x" * 700, "x" * 599 + "…"),
    ],
)
def test_attack_words_of_anybody_become_one_line_that_shows_what_it_is(said: str | None, shown: str) -> None:
    """No line of its own, no colour, nothing that runs from right to left, and no end of it out of sight."""
    assert text(said) == shown


def test_what_is_not_there_or_of_another_type_is_empty() -> None:
    """Nothing here raises."""
    assert part({"a": {"b": 1}}, "a", "b") == part(None, "a") == {}
    assert parts({"a": [1, {"b": 2}]}, "a") == [{"b": 2}]
    assert parts({"a": "b"}, "a") == []
    assert (number("3"), number(None, 1), number(2)) == (0, 1, 2)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-12-01T01:02:03Z", datetime(2026, 12, 1, 1, 2, 3, tzinfo=UTC)),
        ("2026-12-01T01:02:03.000004Z", datetime(2026, 12, 1, 1, 2, 3, 4, tzinfo=UTC)),
        (None, datetime(1970, 1, 1, tzinfo=UTC)),
        ("soon", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_kubernetes_writes_them(said: str | None, at: datetime) -> None:
    """No time is long ago."""
    assert when(said) == at


def manifest(kind: str, **metadata: str) -> dict[str, Any]:
    """An object with a pod's template."""
    container = {"name": "app", "image": "shop/delivery:v1"}
    return {
        "kind": kind,
        "metadata": {"name": "a", **metadata},
        "spec": {
            "template": {"spec": {"containers": [container], "initContainers": [{"name": "first", "image": "b"}]}}
        },
    }


def test_workloads_are_named_with_all_their_containers() -> None:
    """Also in lists of objects."""
    found = named([{"kind": "List", "items": [manifest("Deployment"), manifest("Job", namespace="here")]}], "here")

    assert [(one.kind, one.name) for one in found] == [("Deployment", "a"), ("Job", "a")]
    assert found[0].images == {"first": "b", "app": "shop/delivery:v1"}


@pytest.mark.parametrize("kind", ["CronJob", "Service", "Pod", "ReplicaSet"])
def test_what_is_no_workload_of_a_release_is_not_watched(kind: str) -> None:
    """A CronJob's Jobs fail and succeed long after the release."""
    assert named([manifest(kind)], "here") == ()


def test_attack_manifests_without_an_end_are_refused() -> None:
    """They were judged before; Helm's record may be anybody's."""
    deep: dict[str, Any] = {"kind": "List", "items": []}
    for _ in range(300):
        deep = {"kind": "List", "items": [deep]}

    with pytest.raises(Permanent, match="nested deeper"):
        named([deep], "here")
