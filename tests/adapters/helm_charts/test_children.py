"""Work on charts is done in a child: what a chart takes is bounded, and its death touches nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.helm_charts.child import Child, Died, Gone
from shared.adapters.helm_charts.children import Children
from shared.ports.chart_limits import MIB, ChartLimits
from shared.ports.errors import Permanent
from tests.support.process_state import wait_for as until
from tests.support.tree import ROOT

LIMITS = ChartLimits()
HOST = """
import os, sys, time
from shared.adapters.helm_charts.children import Children
from shared.ports.chart_limits import ChartLimits
children = Children(ChartLimits())
children.ask("x", "read", text="a: 1")
print(children.warm.pid, flush=True)
if len(sys.argv) > 1:
    children.ask("x", "render", chart=sys.argv[1], values=[], settings=[], name="r", namespace="n")
time.sleep(600)
"""


@pytest.fixture
def make() -> Iterator[Callable[[ChartLimits], Children]]:
    """Makes children that end with the test."""
    made: list[Children] = []

    def one(limits: ChartLimits = LIMITS) -> Children:
        made.append(Children(limits))
        return made[-1]

    yield one
    for each in made:
        each.close()


def chart(folder: Path, template: str, name: str = "bomb") -> str:
    """A chart of one template."""
    (folder / name / "templates").mkdir(parents=True)
    (folder / name / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n")
    (folder / name / "templates/a.yaml").write_text(template)
    return str(folder / name)


def rendered(children: Children, where: str) -> object:
    """What comes of a chart."""
    return children.ask("rendering of it", "render", chart=where, values=[], settings=[], name="r", namespace="n")


def processor(pid: int) -> float:
    """Seconds of a processor that a process took; none where it is no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gone(pid: int) -> bool:
    """Whether a process is no more, or waits for nothing but to be noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize(
    ("template", "limits", "said"),
    [
        ('{{ $x := repeat 900000000 "aaaaaaaaaa" }}', LIMITS, "more than 512 MiB of memory"),
        ('{{ $x := repeat 100000000 "aaaaaaaaaa" }}{{ len $x }}', LIMITS, "more than 512 MiB of memory"),
        ("{{ range until 100000000 }}{{ end }}", LIMITS, "more than 512 MiB of memory"),
        ("{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}", LIMITS, "correct the chart"),
        ('a: {{ repeat 20000000 "a" }}', LIMITS, "makes more than 16 MiB"),
        (
            "{{ range $a := until 3000 }}{{ range $b := until 3000 }}{{ sha256sum \"x\" | trunc 0 }}{{ end }}{{ end }}",
            replace(LIMITS, processor=timedelta(seconds=0.3)),
            "takes more than 0.3 s of a processor",
        ),
        (
            "{{ range $a := until 3000 }}{{ range $b := until 3000 }}{{ sha256sum \"x\" | trunc 0 }}{{ end }}{{ end }}",
            replace(LIMITS, wall=timedelta(seconds=0.3)),
            "takes longer than 0.3 s",
        ),
    ],
)  # fmt: skip
def test_attack_a_template_takes_no_more_than_it_may(
    make: Callable[[ChartLimits], Children], tmp_path: Path, template: str, limits: ChartLimits, said: str
) -> None:
    """It is the chart's fault, in words, and the next chart is rendered as before."""
    children = make(limits)

    with pytest.raises(Permanent, match=said) as refused:
        rendered(children, chart(tmp_path, template))

    assert not refused.value.ours
    assert rendered(make(LIMITS), chart(tmp_path, "a: 1\n", "good")) == {
        "files": {"good/templates/a.yaml": "a: 1\n"},
        "definitions": [],
    }


def test_attack_nothing_of_the_hosts_environment_is_there(
    make: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credential, and no file of the host's is open in it."""
    monkeypatch.setenv("SLIPWAY_HOOK_SECRET", "canary")
    children = make()
    children.ask("x", "read", text="a: 1")
    assert children.warm is not None
    process = Path(f"/proc/{children.warm.pid}")
    given = process.joinpath("environ").read_bytes()

    assert b"canary" not in given
    assert {one.partition(b"=")[0] for one in given.split(b"\0") if one} <= {b"GOMEMLIMIT", b"HOME", b"LC_CTYPE"}
    assert sorted(int(one.name) for one in (process / "fd").iterdir())[:3] == [0, 1, 2]
    assert not [one for one in (process / "fd").iterdir() if os.readlink(one).startswith(str(ROOT))]


def test_what_helm_logged_of_one_chart_is_not_why_another_ends_it() -> None:
    """One child renders many charts, and may end without a word of its own."""
    child = Child.__new__(Child)
    child._limits = LIMITS
    child._said = bytearray(b'2026/12/01 00:17:28 INFO funcMap fail message="still there"\n')
    child._process = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"])

    assert "more than 512 MiB of memory" in str(child._end_of())


def test_one_child_is_kept_warm(make: Callable[..., Children]) -> None:
    """And asked again."""
    children = make()
    pids = set()
    for _ in range(3):
        assert children.ask("x", "read", text="a: 1") == {"a": 1}
        assert children.warm is not None
        pids.add(children.warm.pid)

    assert len(pids) == 1


def test_a_child_is_replaced_after_so_many_tasks(make: Callable[..., Children]) -> None:
    """What a library leaks goes with it."""
    children = make(replace(LIMITS, renders=2))
    pids = []
    for _ in range(4):
        children.ask("x", "read", text="a: 1")
        pids.append(children.warm.pid if children.warm else 0)

    assert pids[0] != pids[2]
    assert pids[1] == pids[3] == 0


def test_an_idle_child_ends_by_itself_and_another_one_is_asked(make: Callable[..., Children]) -> None:
    """Nobody is told that it is a failure."""
    children = make(replace(LIMITS, idle=timedelta(milliseconds=50)))
    children.ask("x", "read", text="a: 1")
    assert children.warm is not None
    first = children.warm.pid
    until(lambda: gone(first), "the idle child is gone")

    assert children.ask("x", "read", text="b: 2") == {"b": 2}


def test_a_child_that_somebody_kills_is_nobodys_fault_once(make: Callable[..., Children], tmp_path: Path) -> None:
    """The work is done by another one."""
    children = make()
    children.ask("x", "read", text="a: 1")
    assert children.warm is not None
    pid = children.warm.pid
    before = processor(pid)
    where = chart(tmp_path, "{{ range $a := until 30000 }}{{ range $b := until 30000 }}{{ end }}{{ end }}")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(rendered, children, where)
        until(lambda: processor(pid) > before + 0.2, "the child is at work")
        (tmp_path / "bomb/templates/a.yaml").write_text("a: 1\n")
        os.kill(pid, signal.SIGKILL)

    assert asked.result() is not None
    assert children.warm is not None
    assert children.warm.pid != pid


def test_a_child_killed_twice_is_the_charts_fault(
    make: Callable[..., Children], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it would be where the machine's memory ends before the limit."""

    def killed(child: Child, job: str, values: object) -> object:
        os.kill(child.pid, signal.SIGKILL)
        return ask(child, job, {"text": "a: 1"})

    ask = Child.ask
    monkeypatch.setattr(Child, "ask", killed)

    with pytest.raises(Permanent, match="ended by itself or was killed") as refused:
        make().ask("x", "read", text="a: 1")
    assert not refused.value.ours


def test_several_threads_are_served_beside_one_that_fails(make: Callable[..., Children], tmp_path: Path) -> None:
    """By two children at the most; one of them stays."""
    children = make()
    bomb = chart(tmp_path, '{{ $x := repeat 900000000 "aaaaaaaaaa" }}')
    with ThreadPoolExecutor(8) as pool:
        fails = pool.submit(rendered, children, bomb)
        found = list(pool.map(lambda n: children.ask("x", "read", text=f"a: {n}"), range(40)))

    assert found == [{"a": n} for n in range(40)]
    assert isinstance(fails.exception(), Permanent)
    assert children.warm is not None


def test_a_warm_child_outlives_the_thread_that_started_it(make: Callable[..., Children]) -> None:
    """Threads of a worker come and go."""
    children = make()
    thread = threading.Thread(target=lambda: children.ask("x", "read", text="a: 1"))
    thread.start()
    thread.join()
    assert children.warm is not None
    pid = children.warm.pid
    children.ask("x", "read", text="a: 1")

    assert children.warm.pid == pid


@pytest.mark.parametrize("busy", [False, True])
def test_a_child_dies_with_its_host(tmp_path: Path, busy: bool) -> None:
    """Idle, or in the middle of its work."""
    long = chart(tmp_path, "{{ range $a := until 30000 }}{{ range $b := until 30000 }}{{ end }}{{ end }}")
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, *([long] if busy else [])], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert host.stdout is not None
    pid = int(host.stdout.readline())
    host.kill()
    host.wait()
    host.stdout.close()

    until(lambda: gone(pid), "the child is gone")


def test_attack_an_answer_is_not_trusted(make: Callable[..., Children]) -> None:
    """Neither one without an end, nor one that is no answer."""
    for said, why in (
        (b"\xff\xff\xff\xff", "answers with more than"),
        (b"\0\0\0\2[[", "cannot be read"),
        (b"\0\0\0\1", "broke off its answer|ends Helm"),
    ):
        child = Child(LIMITS)
        given, taken = os.pipe()
        os.write(taken, said)
        os.close(taken)
        os.dup2(given, child._process.stdout.fileno())  # type: ignore[union-attr]
        os.close(given)

        with pytest.raises((Died, Gone), match=why):
            child.ask("read", {"text": "a: 1"})
        child.end()


def test_a_cold_start_takes_little(make: Callable[..., Children]) -> None:
    """Counted in time of a processor, which others who keep the machine busy don't take from it."""
    children = make()
    children.ask("x", "read", text="a: 1")
    assert children.warm is not None

    assert processor(children.warm.pid) < 1


def test_a_child_that_does_not_start_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chart had to do with it."""
    monkeypatch.setattr("shared.adapters.helm_charts.child._WORK", Path("/nowhere/work.py"))

    with pytest.raises(Permanent, match="Helm's process does not start") as refused:
        Child(replace(LIMITS, output=MIB))
    assert refused.value.ours
