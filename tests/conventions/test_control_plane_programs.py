"""The programs of a control plane are built once, by one process, and nothing else is left of it. A small `go` stands for Go."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from infra.local.azurite.program import CannotInstall
from tests.support.host import wait_until
from tests.support.machine import kube
from tests.support.run import processes
from tests.support.tree import ROOT

PATIENCE = 60
# It notes that it was called, says what it is told to, waits where it is told to, and writes what it was asked for.
GO = """#!/bin/sh
echo $$ >>"$GO_NOTES/calls"
mkdir -p "$GOMODCACHE" "$GOCACHE" && echo code >"$GOMODCACHE/module"
if [ -n "$GO_SAYS" ]; then echo "$GO_SAYS" >&2; exit 1; fi
while [ -e "$GO_NOTES/wait" ]; do sleep 0.02; done
while [ "$1" != -o ]; do shift; done
if [ -d "$2" ]; then cd "$2"; shift 2; for name in "$@"; do : >"${name##*/}"; chmod +x "${name##*/}"; done
else : >"$2"; chmod +x "$2"; fi
"""


class Machine:
    """A machine with an empty cache and a `go` of ours."""

    def __init__(self, folder: Path) -> None:
        self.notes, self.cache = folder, folder / "cache/slipway"
        self.waits = folder / "wait"

    def build(self) -> subprocess.Popen[str]:
        """Begin what `make test` begins with."""
        command = [sys.executable, "-m", "tests.support.machine.kube"]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def calls(self) -> list[int]:
        """The processes that `go` was so far."""
        file = self.notes / "calls"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def kept(self) -> set[str]:
        """What lies in the cache, and does not remember a lock only."""
        return {path.name for path in self.cache.iterdir() if path.suffix not in {".lock", ".waiting"}}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Nothing is built there yet."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "go").write_text(GO)
    (programs / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GO_NOTES", str(tmp_path))
    for name in ("GO_SAYS", "KUBEBUILDER_ASSETS", "SLIPWAY_TEST_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    return Machine(tmp_path)


def test_only_the_four_programs_are_kept(machine: Machine) -> None:
    """In a folder with the version's name; modules and caches are gone."""
    found = kube.build()

    assert found == kube.find() == machine.cache / found.name
    assert re.fullmatch(rf"kube-{re.escape(kube.VERSION)}-[0-9a-f]{{12}}", found.name)
    assert {path.name for path in found.iterdir()} == set(kube.PROGRAMS)
    assert machine.kept() == {found.name}


def test_attack_kill_a_build_in_the_middle(machine: Machine) -> None:
    """Its Go dies with it, nothing passes for built, and the next build removes what it left."""
    machine.waits.touch()
    killed = machine.build()
    wait_until(machine.calls)
    killed.kill()
    killed.communicate()

    wait_until(lambda: not any(map(processes.runs, machine.calls())))
    assert kube.find() is None
    assert any(name.startswith("kube-build-") for name in machine.kept())
    machine.waits.unlink()
    found = kube.build()
    assert machine.kept() == {found.name}


def test_two_who_build_at_once_build_once(machine: Machine) -> None:
    """The second waits for the first."""
    machine.waits.touch()
    both = [machine.build(), machine.build()]
    wait_until(machine.calls)
    machine.waits.unlink()
    said = [one.communicate(timeout=PATIENCE)[0] for one in both]

    assert [one.returncode for one in both] == [0, 0], said
    assert len(machine.calls()) == 2  # etcd's module, and Kubernetes' own
    assert [text.count("Building Kubernetes") for text in said] in ([0, 1], [1, 0])


def test_whoever_needs_the_programs_waits_and_says_so_each_minute(machine: Machine) -> None:
    """Until nobody builds them any more."""
    machine.waits.touch()
    building = machine.build()
    wait_until(machine.calls)

    def say(text: str) -> None:
        said.append(text)
        machine.waits.unlink(missing_ok=True)

    said: list[str] = []
    found = kube.wait(say, every=0)
    building.communicate(timeout=PATIENCE)

    assert found == kube.kept()
    assert f"waiting for Kubernetes {kube.VERSION}, which is being built, for 0 min" in said


def test_of_several_that_wait_one_speaks(machine: Machine) -> None:
    """A run has several processes, and its log needs one line a minute."""
    machine.waits.touch()
    building = machine.build()
    wait_until(machine.calls)
    speakers: set[int] = set()
    asked = threading.Barrier(2)

    def look() -> None:
        asked.wait()
        kube.wait(lambda _: speakers.add(threading.get_ident()), every=0)

    both = [threading.Thread(target=look) for _ in range(2)]
    for one in both:
        one.start()
    wait_until(lambda: speakers)
    machine.waits.unlink()
    for one in both:
        one.join(PATIENCE)
    building.communicate(timeout=PATIENCE)

    assert len(speakers) == 1


def test_a_machine_without_go_says_what_to_do(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """To whoever builds, and to each test that does not run."""
    monkeypatch.setenv("PATH", str(machine.notes))

    with pytest.raises(
        CannotInstall, match=r"built by Go, which is not here; install Go 1\.26, or set KUBEBUILDER_ASSETS"
    ):
        kube.build()
    assert re.search(r"Go, which is not here;.* `python3 -m tests\.support\.machine\.kube` builds", kube.reason())


def test_a_module_proxy_out_of_reach_is_asked_again_and_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moment without a network does not lose the run its control plane; none at all is said plainly."""
    monkeypatch.setenv("GO_SAYS", "go: dial tcp: lookup proxy.golang.org: no such host")

    with pytest.raises(CannotInstall, match=r"Go could not download etcd: .*no such host; see `go env GOPROXY`"):
        kube.build(pause=0)
    assert len(machine.calls()) == 3
    assert machine.kept() == {"kube.failed"}


def test_code_that_does_not_compile_is_built_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Go's last words; after a build that succeeds nobody hears of it any more."""
    monkeypatch.setenv("GO_SAYS", "main.go:1: undefined: x")
    with pytest.raises(CannotInstall, match=r"Go could not build etcd: main\.go:1: undefined: x"):
        kube.build()
    assert len(machine.calls()) == 1

    monkeypatch.delenv("GO_SAYS")
    kube.build()
    assert "undefined" not in kube.reason()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SLIPWAY_TEST_CONTEXT", "Tests use the cluster of the context here (SLIPWAY_TEST_CONTEXT); nothing is built."),
        ("KUBEBUILDER_ASSETS", "KUBEBUILDER_ASSETS is not used: here lacks etcd, kube-apiserver, "),
    ],
)
def test_what_tests_are_given_comes_before_a_build(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    """A cluster always; a folder where it has all programs, as that of envtest has not."""
    monkeypatch.setenv(name, "here")
    building = machine.build()
    output, _ = building.communicate(timeout=PATIENCE)

    assert output.startswith(said)
    assert bool(machine.calls()) == (name == "KUBEBUILDER_ASSETS")


def test_given_programs_are_used(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever was built before."""
    given = kube.build().rename(tmp_path / "assets")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(given))

    assert kube.build() == given


def test_the_build_begins_before_anything_is_installed() -> None:
    """`make test` starts it with a Python that has no packages; so does the guard that ends it."""
    modules = "tests.support.machine.kube", "tests.support.run.limited"
    bare = [sys.executable, "-S", "-c", f"import {', '.join(modules)}"]
    subprocess.run(bare, cwd=ROOT, check=True)
    lines = (ROOT / "Makefile").read_text().partition("\nparts:\n")[2].splitlines()

    assert re.search(r"tests\.support\.machine\.kube & .* venv-tests$", lines[0])
    assert re.search(r"^test: ##.*\n.*\.ci/python.*limited", (ROOT / "Makefile").read_text(), re.M)
