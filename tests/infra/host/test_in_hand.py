"""What is known of messages after the death of a host that had them in hand."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

import pytest

from infra.local.host.in_hand import InHand
from shared.ports.queues import Received

MOST = 5


class Hosts:
    """One host after the other on one file, with a clock that stands still."""

    def __init__(self, folder: Path) -> None:
        self.file, self.now = folder / "in-hand", 0.0
        self.here = self.start()

    def start(self) -> InHand:
        """Another host, after the one before died or closed the file."""
        self.here = InHand(self.file, MOST, lambda: self.now)
        return self.here

    def die(self, *ids: str, times: int = 1) -> None:
        """Hosts die that have messages in hand, and another one starts."""
        for _ in range(times):
            for id_ in ids:
                assert self.here.begin(message(id_))
            self.start()


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    """The first host on an empty folder."""
    return Hosts(tmp_path)


def message(id_: str) -> Received:
    """A message that was received."""
    return Received(queue="slipway-events", id=id_, body="{}", attempts=1, receipt="1")


def begun(here: InHand, ids: Iterable[str]) -> list[str]:
    """Those that may be worked on now, and then are."""
    return [id_ for id_ in ids if here.begin(message(id_))]


def test_a_message_that_kills_five_hosts_is_known_for_it(hosts: Hosts) -> None:
    """Not before the fifth."""
    hosts.die("a", times=MOST - 1)
    before = hosts.here.deaths(message("a"))

    hosts.die("a")

    assert (before, hosts.here.deaths(message("a"))) == (0, MOST)


def test_a_single_death_makes_nobody_wait(hosts: Hosts) -> None:
    """It may have been anybody's kill: all are worked on at once again."""
    hosts.die("a", "b", "c")

    assert begun(hosts.here, "abcd") == ["a", "b", "c", "d"]


def test_after_two_deaths_those_in_hand_are_tried_one_at_a_time_beside_the_others(hosts: Hosts) -> None:
    """So that none is in hand when another kills its host; who completes lets the next one go."""
    hosts.die("a", "b", times=2)

    first = begun(hosts.here, "abcd")
    hosts.here.end(message("a"))
    then = begun(hosts.here, "b")

    assert (first, then) == (["a", "c", "d"], ["b"])


def test_the_last_try_is_alone(hosts: Hosts) -> None:
    """Nothing is begun beside it, nor it beside others: what it then dies with is itself."""
    hosts.die("a", times=MOST - 1)
    assert begun(hosts.here, "b") == ["b"]

    while_another = begun(hosts.here, "ac")
    hosts.here.end(message("b"))
    alone = begun(hosts.here, "cad")
    hosts.here.end(message("a"))

    assert (while_another, alone) == ([], ["a"])
    assert begun(hosts.here, "cd") == ["c", "d"]


def test_a_message_that_wanted_to_be_alone_and_is_gone_keeps_nobody_waiting(hosts: Hosts) -> None:
    """An effect may be done otherwise in the meantime, and never comes again."""
    hosts.die("a", times=MOST - 1)
    assert begun(hosts.here, "bac") == ["b"]

    hosts.now += 10

    assert begun(hosts.here, "c") == ["c"]


def test_attack_a_chart_that_kills_hosts_takes_an_innocent_message_along(hosts: Hosts) -> None:
    """However many new ones kill hosts beside it: without a death of its own, alone, it is not poisoned."""
    for number in range(20):
        assert hosts.here.deaths(message("long")) == 0
        wanted = begun(hosts.here, ["long", f"bad-{number}"])
        assert "long" in wanted
        if len(wanted) == 1:
            hosts.here.end(message("long"))
            return
        hosts.start()

    pytest.fail("it was never worked on alone")


def test_what_is_given_back_or_dealt_with_has_died_of_nothing(hosts: Hosts) -> None:
    """A stop, a deployment and Ctrl-C count for nobody."""
    for _ in range(MOST + 1):
        assert begun(hosts.here, "abc") == ["a", "b", "c"]
        hosts.here.end(message("a"))
        hosts.here.give_back(message("b"))
        hosts.here.close()
        hosts.start()

    assert [hosts.here.deaths(message(id_)) for id_ in "abc"] == [0, 0, 0]
    assert begun(hosts.here, "abc") == ["a", "b", "c"]


def test_a_message_that_asks_to_be_looked_at_again_has_killed_nobody(hosts: Hosts) -> None:
    """A rollout is watched for days, and hosts are killed now and then."""
    for _ in range(MOST + 1):
        hosts.die("a")
        assert begun(hosts.here, "a") == ["a"]
        hosts.here.look_again(message("a"))

    assert hosts.here.deaths(message("a")) == 0
    assert begun(hosts.here, "ab") == ["a", "b"]


def test_failures_are_counted_across_hosts(hosts: Hosts) -> None:
    """A stop does not give a message five more tries; looking again takes none away."""
    found = []
    for _ in range(3):
        assert begun(hosts.here, "a") == ["a"]
        found.append(hosts.here.fail(message("a")))
        assert begun(hosts.here, "a") == ["a"]
        hosts.here.look_again(message("a"))
        hosts.here.close()
        hosts.start()

    assert found == [1, 2, 3]


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"\xff" * 5000, b"\0" * 10, bytes(range(256)) * 10],
    ids=["empty", "one", "ones", "short", "any"],
)
def test_a_file_that_is_none_of_ours_says_nothing(tmp_path: Path, content: bytes) -> None:
    """Torn, cut off or written over: the host starts, and counts from now on."""
    (tmp_path / "in-hand").write_bytes(content)
    hosts = Hosts(tmp_path)

    assert begun(hosts.here, "ab") == ["a", "b"]
    hosts.start()
    hosts.die("a", times=MOST - 1)
    assert hosts.here.deaths(message("a")) == MOST


@pytest.mark.parametrize("at", range(0, 24, 3))
def test_a_torn_slot_is_forgotten_and_no_other(hosts: Hosts, at: int) -> None:
    """Each byte counts: of three suspects two are left, of which one may go."""
    hosts.die("a", "b", "c", times=2)
    content = bytearray(hosts.file.read_bytes())
    content[at] ^= 0x5A
    hosts.file.write_bytes(content)

    assert len(begun(hosts.start(), "abc")) == 2


def test_the_file_is_its_users_alone_and_as_large_whatever_fails(hosts: Hosts) -> None:
    """Attack: ten thousand messages that fail, and are never heard of again; what is in hand is still noted."""
    assert begun(hosts.here, "a") == ["a"]
    for number in range(10_000):
        assert begun(hosts.here, [str(number)])
        hosts.here.fail(message(str(number)))

    assert stat.S_IMODE(hosts.file.stat().st_mode) == 0o600
    assert hosts.file.stat().st_size <= 100_000
    hosts.start()
    hosts.die("a", times=MOST - 1)
    assert hosts.here.deaths(message("a")) == MOST


def test_attack_a_link_in_the_files_place_is_not_written_through(hosts: Hosts) -> None:
    """Whoever could put it there would have the host write elsewhere; it goes on without the file."""
    other = hosts.file.with_name("other")
    other.write_bytes(b"theirs")
    hosts.file.unlink()
    hosts.file.symlink_to(other)

    assert begun(hosts.start(), "a") == ["a"]
    assert other.read_bytes() == b"theirs"
