"""The hook reports each push once, keeps its secret, and never stands in a push's way."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from infra.local.githook.install import install_hook
from infra.local.githook.post_receive import changes, requests
from shared.ports.errors import Permanent
from tests.support.git_repositories import GitRepository, a_repository

SECRET = "s3cret-of-the-hook"
NOTHING = "0" * 40


@dataclass
class Host:
    """Stands for the local host's door: notes what comes in and answers with `status`."""

    url: str = ""
    status: int = 202
    requests: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[dict[str, object]]:
        """The JSON bodies that came in."""
        return [json.loads(body) for _, _, body in self.requests]


@contextmanager
def listening(host: Host) -> Iterator[None]:
    """Serve the door on loopback."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            host.requests.append((self.path, dict(self.headers), body))
            self.send_response(host.status)
            self.send_header("Location", f"{host.url}/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        host.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def host() -> Iterator[Host]:
    """A door that listens."""
    found = Host()
    with listening(found):
        yield found


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """A repository in a folder whose name needs care."""
    return a_repository(tmp_path / "o'r i g.git", {"README.md": "shop"})


def pushed(repository: GitRepository, folder: Path, *refspecs: str, **server: str) -> subprocess.CompletedProcess[str]:
    """Push as a person does, with an identity of their own, to a server that says what it says to its hooks; what is empty is not there."""
    everything = {
        "PATH": "/usr/bin:/bin",
        "GIT_COMMITTER_NAME": "Bén Builder",
        "GIT_COMMITTER_EMAIL": "ben@example.com",
        **server,
    }
    environment = {name: value for name, value in everything.items() if value}
    command = ["git", "push", "--", str(repository.path), *refspecs]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def refs_of(body: Mapping[str, object]) -> list[str]:
    """The names of the refs in a body."""
    refs = body["refs"]
    assert isinstance(refs, list)
    return [one["ref"] for one in refs]


def test_a_push_is_reported_with_every_ref_and_its_pusher(
    host: Host, repository: GitRepository, tmp_path: Path
) -> None:
    """One delivery for one push: created, moved and deleted branches, with an id of its own."""
    main = repository.tip() or ""
    repository.commit({"x": "1"}, branch="old")
    other = a_repository(tmp_path / "other.git")
    other.git("fetch", "--quiet", str(repository.path), "main:main")
    moved = other.commit({"x": "2"})
    old = repository.tip("old")
    install_hook(repository.path, host.url, SECRET, "shop")
    done = pushed(repository, other.path, "main:main", f"{main}:refs/heads/feature/ä", ":old")

    assert done.returncode == 0
    assert "slipway" not in done.stderr
    ((path, headers, _),) = host.requests
    assert path == "/api/hooks/git"
    assert headers["X-Slipway-Secret"] == SECRET
    (body,) = host.bodies()
    assert body["repository"] == "shop"
    assert body["pusher"] == {"name": "Bén Builder", "mail": "ben@example.com"}
    refs = body["refs"]
    assert isinstance(refs, list)
    assert sorted(refs, key=str) == sorted(
        [
            {"ref": "refs/heads/main", "before": main, "after": moved},
            {"ref": "refs/heads/feature/ä", "before": NOTHING, "after": main},
            {"ref": "refs/heads/old", "before": old, "after": NOTHING},
        ],
        key=str,
    )


@pytest.mark.parametrize(
    ("own", "environment", "pusher"),
    [
        ("", {}, "ben@example.com"),
        ("team@example.com", {}, "ben@example.com"),
        ("team@example.com", {"GIT_COMMITTER_EMAIL": ""}, "team@example.com"),
        ("", {"GIT_COMMITTER_EMAIL": ""}, "home@example.com"),
    ],
    ids=["environment", "environment first", "of the receiving repository", "of the user"],
)
def test_the_pusher_is_who_git_says_in_the_repository_that_receives(
    host: Host, repository: GitRepository, tmp_path: Path, own: str, environment: dict[str, str], pusher: str
) -> None:
    """The clone that is pushed from is not asked: docs/local.md says who counts."""
    other = a_repository(tmp_path / "other.git")
    other.git("fetch", "--quiet", str(repository.path), "main:main")
    other.git("config", "user.email", "clone@example.com")
    (tmp_path / ".gitconfig").write_text('[user]\n\temail = "home@example.com"\n')
    if own:
        repository.git("config", "user.email", own)
    install_hook(repository.path, host.url, SECRET, "shop")

    pushed(repository, other.path, "main:x", HOME=str(tmp_path), **environment)

    [body] = host.bodies()
    assert body["pusher"] == {"name": "Bén Builder", "mail": pusher}


@pytest.mark.parametrize(
    ("server", "pusher"),
    [
        ({}, {}),
        ({"REMOTE_USER": " "}, {}),
        ({"REMOTE_USER": "ada@example.com"}, {"name": "ada@example.com", "mail": "ada@example.com"}),
        ({"GL_USER": "ada"}, {"name": "ada", "mail": ""}),
    ],
)
def test_attack_push_to_a_server_under_a_committers_name(
    host: Host, repository: GitRepository, server: dict[str, str], pusher: dict[str, str]
) -> None:
    """Where who pushes is not taken at their word, they are whom the server authenticated, or nobody."""
    hook = install_hook(repository.path, host.url, SECRET, "shop")
    settings = hook.parent / "slipway.json"
    told = json.loads(settings.read_text())
    assert told.pop("trust_identity") is True
    settings.write_text(json.dumps(told))
    pushed(repository, repository.path, "main:refs/heads/new", **server)

    (body,) = host.bodies()
    assert body["pusher"] == pusher


def test_each_push_has_its_own_delivery_id(host: Host, repository: GitRepository) -> None:
    """The id tells a repeated delivery from a second push."""
    install_hook(repository.path, host.url, SECRET, "shop")
    repository.push({"x": "1"})
    repository.push({"x": "2"})

    assert len({str(body["id"]) for body in host.bodies()}) == 2


def test_attack_a_ref_with_signs_that_end_lines_elsewhere_hides_no_other(host: Host, repository: GitRepository) -> None:
    """U+2028, U+2029 and U+0085 are letters of a name to git."""
    install_hook(repository.path, host.url, SECRET, "shop")
    names = [f"a{sign}b" for sign in ("\u2028", "\u2029", "\u0085")]
    done = pushed(repository, repository.path, *(f"main:refs/heads/{name}" for name in (*names, "release/a/v1.0.0")))

    assert "slipway" not in done.stderr
    (body,) = host.bodies()
    assert sorted(refs_of(body)) == sorted(f"refs/heads/{name}" for name in (*names, "release/a/v1.0.0"))


def test_attack_a_ref_that_no_request_can_carry_hides_no_other(host: Host, repository: GitRepository) -> None:
    """It is left out by its name, which the person who pushed is told."""
    said = b"\n".join(
        b"%040d %040d %s" % (0, 1, name) for name in (b"refs/heads/\xff", b"refs/" + b"x" * 500, b"refs/a")
    )

    assert [one["ref"] for one in changes(said + b"\n")] == ["refs/a"]


def test_a_push_of_more_refs_than_a_request_carries_comes_in_several(
    host: Host, repository: GitRepository, tmp_path: Path
) -> None:
    """Each with an id of its own, and all with the same pusher."""
    install_hook(repository.path, host.url, SECRET, "shop")
    commit = repository.tip() or ""
    lines = "".join(f"{NOTHING} {commit} refs/heads/b{number}\n" for number in range(2001))
    hook = repository.path / "hooks/post-receive"
    subprocess.run([str(hook)], input=lines, text=True, cwd=repository.path, check=True)

    bodies = host.bodies()
    assert [len(refs_of(body)) for body in bodies] == [1000, 1000, 1]
    assert len({str(body["id"]) for body in bodies}) == 3
    assert len({ref for body in bodies for ref in refs_of(body)}) == 2001
    assert len({str(body["pusher"]) for body in bodies}) == 1


def test_long_names_come_in_more_requests() -> None:
    """A body may have a mebibyte."""
    refs = [{"ref": f"refs/heads/{number:03}" + "\u2028" * 480} for number in range(1000)]
    found = list(requests(refs))

    assert [one for part in found for one in part] == refs
    assert max(len(json.dumps(part)) for part in found) < 600_000


def test_a_push_while_the_host_is_down_arrives_and_says_so(repository: GitRepository, tmp_path: Path) -> None:
    """Exit code 0, and a line for the person who pushed."""
    host = Host()
    with listening(host):
        pass
    install_hook(repository.path, host.url, SECRET, "shop")
    done = pushed(repository, repository.path, "main:refs/heads/new")

    assert done.returncode == 0
    assert repository.tip("new") == repository.tip()
    assert "the push is stored" in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.parametrize("status", [401, 500, 302])
def test_a_refusal_is_shown_and_nothing_else_is_asked(host: Host, repository: GitRepository, status: int) -> None:
    """Redirects are not followed: they would carry the secret elsewhere."""
    host.status = status
    install_hook(repository.path, host.url, SECRET, "shop")
    done = pushed(repository, repository.path, "main:refs/heads/new")

    assert done.returncode == 0
    assert f"it answered {status}" in done.stderr
    assert [path for path, _, _ in host.requests] == ["/api/hooks/git"]


def test_the_secret_can_be_read_by_its_owner_only(host: Host, repository: GitRepository) -> None:
    """It is in one file, mode 0600, and neither in the hook nor on a command line."""
    hook = install_hook(repository.path, host.url, SECRET, "shop")
    holders = [path for path in hook.parent.iterdir() if SECRET in path.read_text()]

    assert [stat.S_IMODE(path.stat().st_mode) for path in holders] == [0o600]
    assert stat.S_IMODE(hook.stat().st_mode) == 0o700


def test_installing_again_replaces_the_address(host: Host, repository: GitRepository) -> None:
    """The local host may come up on another port."""
    install_hook(repository.path, "http://127.0.0.1:9", "old", "shop")
    install_hook(repository.path, host.url, SECRET, "shop")
    repository.push({"x": "1"})

    assert len(host.requests) == 1


def test_a_hook_of_somebody_else_is_left_alone(repository: GitRepository) -> None:
    """The message says what to do."""
    hook = repository.path / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho theirs\n")

    with pytest.raises(Permanent, match="call both from one script"):
        install_hook(repository.path, "http://127.0.0.1:9", SECRET, "shop")
    assert "theirs" in hook.read_text()
