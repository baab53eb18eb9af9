"""What a repository's hook says, as events."""

from __future__ import annotations

import json

import pytest

from shared.domain.messages.events import PushReceived
from shared.domain.values.person import Person
from shared.inbound.git_hook import read_pushes
from shared.inbound.problems import Unacceptable
from tests.support.payloads import changed, payload

ID = "5f0c9d0e-7a8e-4c61-9a6e-0d3b1c2f4e5a"
TIP = "8d2f3b8a9c1e4d5f60718293a4b5c6d7e8f90123"
ADA = Person(id="ada@example.com", name="Ada Author", mails=("ada@example.com",))


def test_a_push_is_one_event_for_each_ref() -> None:
    """Each has an id of its own, so that a second delivery of either is known."""
    found = read_pushes(payload("git-hook"))

    assert found == tuple(
        PushReceived(id=f"{ID}:{ref}", repository="shipping", ref=ref, commit=TIP, before=before, pushed_by=ADA)
        for ref, before in (("refs/heads/release/delivery/v1.0.0", "0" * 40), ("refs/heads/main", "1" * 40))
    )


def test_a_ref_that_is_named_twice_is_one_event() -> None:
    """The same id would be the same event."""
    body = changed("git-hook", "refs", to=[{"ref": "refs/heads/main"}, {"ref": "refs/heads/main"}])

    assert [one.ref for one in read_pushes(body)] == ["refs/heads/main"]


@pytest.mark.parametrize(
    ("pusher", "person"),
    [
        ({}, None),
        (None, None),
        ({"name": " ", "mail": ""}, None),
        ({"name": "ada", "mail": ""}, Person(id="ada", name="ada")),
        ({"mail": "ada@example.com"}, Person(id="ada@example.com", name="ada@example.com", mails=("ada@example.com",))),
    ],
)
def test_a_pusher_is_who_they_say_as_far_as_they_say_it(pusher: object, person: Person | None) -> None:
    """Who is not named is read from the commit."""
    assert read_pushes(changed("git-hook", "pusher", to=pusher))[0].pushed_by == person


@pytest.mark.parametrize("said", [{}, {"before": "0" * 40}, {"after": TIP}, {"before": "", "after": TIP}])
def test_attack_be_named_for_more_than_was_pushed(said: dict[str, str]) -> None:
    """A message that does not say from where to where would put down to its sender what others pushed unheard."""
    body = changed("git-hook", "refs", to=[{"ref": "refs/heads/release/delivery/v1.0.0", **said}])

    assert [one.pushed_by for one in read_pushes(body)] == [None]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (changed("git-hook", "id"), "id"),
        (changed("git-hook", "id", to="x" * 201), "id"),
        (changed("git-hook", "repository"), "repository"),
        (changed("git-hook", "repository", to="../secrets"), "repository"),
        (changed("git-hook", "repository", to="a~b"), "repository"),
        (changed("git-hook", "refs"), "refs"),
        (changed("git-hook", "refs", to=[]), "refs"),
        (changed("git-hook", "refs", to="refs/heads/main"), "refs"),
        (changed("git-hook", "refs", 1, "ref"), "refs[1].ref"),
        (changed("git-hook", "refs", 1, "ref", to="main"), "refs[1].ref"),
        (changed("git-hook", "refs", 0, "ref", to="refs/heads/\ud800"), "refs[0].ref"),
        (changed("git-hook", "refs", to=[{"ref": f"refs/heads/{n}"} for n in range(1001)]), "refs"),
        (changed("git-hook", "pusher", to="Ada"), "pusher"),
        (changed("git-hook", "pusher", "mail", to=5), "pusher.mail"),
        (b"{}", "id"),
        (json.dumps([]).encode(), "body"),
    ],
)
def test_what_is_not_of_that_shape_is_refused_with_its_field(body: bytes, field: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Unacceptable) as found:
        read_pushes(body)

    assert (int(found.value.status), found.value.field) == (400, field)


def test_a_hook_may_say_more_than_we_read() -> None:
    """A newer hook goes on working."""
    assert len(read_pushes(changed("git-hook", "new-field", to=1))) == 2
