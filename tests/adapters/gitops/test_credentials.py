"""What is shown to a GitOps repository elsewhere: to its address alone, and never where others could read it."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.git_disk.git import without_password
from shared.adapters.gitops.credentials import GitCredentials
from shared.domain.policies.policy import GitOpsTarget
from shared.domain.values.person import SLIPWAY
from shared.ports.applier import DeployOrder
from shared.ports.errors import AdapterError, NotFound, Permanent
from tests.support.git_https import GitHttps, git_https
from tests.support.git_repositories import GitRepository, a_repository
from tests.support.gitops import GitOps, place_at

SECRET = "robot:pa/55@word"
ENCODED = base64.b64encode(SECRET.encode()).decode()
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHttps]:
    """A Git host with the repository `environments.git`."""
    repository = a_repository(tmp_path / "environments.git", {"README.md": "ours"})
    repository.git("config", "http.receivepack", "true")
    with git_https(tmp_path, SECRET) as running:
        yield running


def an_order(repository: str) -> DeployOrder:
    """A promotion to a repository."""
    return DeployOrder(
        id="shop~delivery:1:deploy:1",
        turn=1,
        promotion=1,
        version="1.0.0",
        commit="c" * 40,
        images=("localhost:5000/delivery:v1.0.0",),
        manifests=b"kind: Deployment\n",
        place=place_at(GitOpsTarget(repository=repository, path="qa/delivery")),
        author=SLIPWAY,
        cause="test",
    )


def deploy(server: GitHttps, known: dict[str, str], name: str = "environments.git") -> str:
    """Deploy there with what is known, and return the revision."""
    gitops = GitOps(
        lambda name: name,
        server.folder / "work",
        now=lambda: NOON,
        tries=2,
        pause=lambda _: None,
        credentials=GitCredentials(known),
        environment=server.environment,
    )
    return gitops.apply(an_order(f"{server.url}/{name}")).revision


def test_a_repository_behind_a_password_is_written(server: GitHttps) -> None:
    """By git's own server, over https."""
    revision = deploy(server, {server.url: SECRET})

    assert GitRepository(server.folder / "environments.git").tip() == revision


def test_attack_read_the_password_in_the_list_of_processes(server: GitHttps, monkeypatch: pytest.MonkeyPatch) -> None:
    """No argument of any process holds it, in any form; the environment of git alone does."""
    started: list[tuple[list[str], dict[str, str]]] = []
    popen = subprocess.Popen

    def watched(args: list[str], **options: Any) -> Any:
        started.append((args, options["env"]))
        return popen(args, **options)

    monkeypatch.setattr(subprocess, "Popen", watched)
    deploy(server, {server.url: SECRET})

    lines = " ".join(argument for args, _ in started for argument in args)
    assert "pa/55" not in lines
    assert ENCODED not in lines
    assert any(ENCODED in value for _, env in started for value in env.values())


def test_attack_lead_git_on_to_another_host(server: GitHttps, tmp_path: Path) -> None:
    """A redirection is not followed, so that nobody else is shown what is for this address."""
    (tmp_path / "other").mkdir()
    with git_https(tmp_path / "other", "x:y") as other:
        server.moved = other.url

        with pytest.raises(AdapterError) as fault:
            deploy(server, {server.url: SECRET})

        assert other.asked == []
    assert "pa/55" not in str(fault.value)


@pytest.mark.parametrize("known", [{}, {"https://git.example.com": SECRET}, {"https://127.0.0.1": SECRET}])
def test_nobody_else_is_shown_it(server: GitHttps, known: dict[str, str]) -> None:
    """Another host, or another port of this one, is another address; the fault says what to look at."""
    with pytest.raises(Permanent, match="SLIPWAY_GITOPS_CREDENTIALS") as fault:
        deploy(server, known)

    assert fault.value.ours
    assert {shown for _, shown in server.asked} == {""}


def test_of_several_the_longest_that_fits_is_shown(server: GitHttps) -> None:
    """What is for one team's folder is not shown for another's whose name begins alike."""
    known = {server.url: "a:wrong", f"{server.url}/environments.git": SECRET, f"{server.url}/environ": "b:wrong"}

    deploy(server, known)

    assert {shown for _, shown in server.asked if shown} == {f"Basic {ENCODED}"}


def test_a_password_that_is_refused_is_told_of_without_it(server: GitHttps) -> None:
    """Trying again does not help; the queue does not hold what was shown."""
    with pytest.raises(Permanent, match="does not let Slipway in") as fault:
        deploy(server, {server.url: "robot:wr0ng"})

    assert "wr0ng" not in str(fault.value)


def test_a_repository_that_is_not_there_is_named(server: GitHttps) -> None:
    """It says what to do, and is no race."""
    with pytest.raises(NotFound, match=r"absent\.git, branch main is not there") as fault:
        deploy(server, {server.url: SECRET}, "absent.git")

    assert fault.value.ours


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fatal: https://user:p/w@host/x: no", "fatal: https://***@host/x: no"),
        ("https://a:b@c@host/x", "https://***@host/x"),
        ("'https://a:b#c?d@host/x'", "'https://***@host/x'"),
        ("ssh://git@host/x and https://h/y", "ssh://***@host/x and https://h/y"),
    ],
)
def test_whatever_stands_before_the_host_is_left_out(text: str, shown: str) -> None:
    """Passwords hold slashes and signs of every kind."""
    assert without_password(text) == shown


def test_nothing_is_known_of_a_path(tmp_path: Path) -> None:
    """A repository on this disk is shown nothing."""
    assert GitCredentials({"https://git.example.com": SECRET}).environment(str(tmp_path)) == {}


def test_the_order_is_the_same_the_second_time(server: GitHttps) -> None:
    """It is found again over https, too."""
    assert deploy(server, {server.url: SECRET}) == deploy(server, {server.url: SECRET})
