"""The repository under load: services, branches, and commits that are made beforehand and pushed one by one."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.sample import git

REPOSITORY = "load"
SERVICES = tuple(f"service-{number}" for number in range(8))
FEATURES = 24  # branches of each service
RELEASES = 4  # release branches of each service
_YAML = """\
version: 1
services:
{services}
environments: {{qa: {{}}, production: {{after: [qa], registry_namespace: prod}}}}
"""
_SERVICE = '  {name}: {{path: services/{name}, chart: charts/{name}, build: {{test: "python -m unittest"}}}}'
# Every so many pushes:
_SKIPPED = 50  # a commit asks not to be built
_TWO = 10  # a change is of two services
_MAIN = 25  # it goes to the default branch, so that the configuration is read again
_AGAIN = 20  # it follows the one before on its branch at once
_MADE = 1772452800
_WHO = "Ada Author <ada@example.com>"


@dataclass(frozen=True, slots=True)
class Push:
    """A commit that is to be pushed as the next one of its branch; `services` are whom it concerns."""

    number: int
    ref: str
    before: str
    commit: str
    services: tuple[str, ...]

    @property
    def id(self) -> str:
        """What its hook's message is named."""
        return f"load-{self.number}"


def make_origin(origin: Path) -> None:
    """Make the bare repository with its services on the default branch."""
    origin.mkdir(parents=True)
    git(origin, "init", "--quiet", "--bare", "--initial-branch=main")
    files = {"slipway.yaml": _YAML.format(services="\n".join(_SERVICE.format(name=name) for name in SERVICES))}
    for name in SERVICES:
        files[f"services/{name}/Dockerfile"] = "FROM scratch\n"
        files[f"services/{name}/code.py"] = "VALUE = 0\n"
        files[f"charts/{name}/Chart.yaml"] = f"apiVersion: v2\nname: {name}\nversion: 0.0.1\n"
    commit = f"commit refs/heads/main\nmark :1\ncommitter {_WHO} {_MADE} +0000\n{_data('The services')}"
    _import(origin, [commit, *(f"M 100644 inline {path}\n{_data(content)}" for path, content in files.items())])


def make_pushes(origin: Path, count: int) -> list[Push]:
    """Make a commit for each push, spread over services and branches. No branch moves yet."""
    main = git(origin, "rev-parse", "refs/heads/main")
    last = {"refs/heads/main": main}
    lines: list[str] = []
    planned: list[tuple[str, str, tuple[str, ...]]] = []
    for number, (name, ref) in enumerate(itertools.islice(_places(), count), 1):
        services = _concerned(number, name, ref)
        lines.extend(_commit(number, ref, last.get(ref, main), services))
        planned.append((ref, last.get(ref, "0" * 40), services))
        last[ref] = f":{number}"
    marks = _import(origin, lines)
    return [
        Push(number, ref, marks.get(before, before), marks[f":{number}"], services)
        for number, (ref, before, services) in enumerate(planned, 1)
    ]


def _places() -> Iterator[tuple[str, str]]:
    """Say of which service and to which branch each push is."""
    branches = [(name, f"refs/heads/feature/{name}/{n}") for n in range(FEATURES) for name in SERVICES]
    branches += [(name, f"refs/heads/release/{name}/v1.{n}.0") for n in range(RELEASES) for name in SERVICES]
    places = itertools.cycle(branches)
    before = branches[0]
    for number in itertools.count(1):
        if number % _MAIN == 0:
            before = (SERVICES[number // _MAIN % len(SERVICES)], "refs/heads/main")
        elif number % _AGAIN:
            before = next(places)
        yield before


def _concerned(number: int, name: str, ref: str) -> tuple[str, ...]:
    """Whose ledger tells of it; a release branch is of the one that it names."""
    two = number % _TWO == 0 and not ref.startswith("refs/heads/release/")
    return (name, SERVICES[(SERVICES.index(name) + 1) % len(SERVICES)]) if two else (name,)


def _commit(number: int, ref: str, before: str, services: Sequence[str]) -> Iterator[str]:
    # Kept below other names, so that no branch moves before its push does.
    pending = ref.replace("refs/heads/", "refs/load/", 1)
    message = f"Change {number}" + ("\n\n[skip ci]" if number % _SKIPPED == 0 else "")
    who = f"committer {_WHO} {_MADE + number} +0000"
    yield f"commit {pending}\nmark :{number}\n{who}\n{_data(message)}from {before}\n"
    for name in services:
        yield f"M 100644 inline services/{name}/code.py\n{_data(f'VALUE = {number}')}"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _import(origin: Path, lines: Sequence[str]) -> dict[str, str]:
    """Run git fast-import and return the commit of each mark."""
    marks = origin / "load-marks"
    subprocess.run(
        ["git", "fast-import", "--quiet", f"--export-marks={marks}"],
        cwd=origin,
        input="".join(lines).encode(),
        check=True,
    )
    return dict(line.split(" ", 1) for line in marks.read_text(encoding="utf-8").splitlines())


class Refs:
    """Moves branches by one long-lived git, each move a transaction of its own."""

    def __init__(self, origin: Path) -> None:
        self._git = subprocess.Popen(
            ["git", "update-ref", "--stdin"], cwd=origin, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def move(self, push: Push) -> None:
        """Let the branch point at the push's commit; raise RuntimeError where git refuses."""
        assert self._git.stdin is not None
        assert self._git.stdout is not None
        self._git.stdin.write(f"start\nupdate {push.ref} {push.commit} {push.before}\ncommit\n")
        self._git.stdin.flush()
        said = [self._git.stdout.readline().strip() for _ in range(2)]
        if said != ["start: ok", "commit: ok"]:
            raise RuntimeError(f"git did not move {push.ref}: {said}")

    def close(self) -> None:
        """Let git end."""
        assert self._git.stdin is not None
        self._git.stdin.close()
        self._git.wait(timeout=30)
        assert self._git.stdout is not None
        self._git.stdout.close()
