"""`make load`: a real local host in a process of its own, pushed to at a steady rate for some minutes."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import quantiles

from infra.local.client import Client
from infra.local.folder import Folder
from infra.local.host import LocalPeople
from tests.support.tree import ROOT
from tests.workshop.load import judging
from tests.workshop.load.accounting import Account, account, read_ledgers
from tests.workshop.load.judging import Held
from tests.workshop.load.monorepo import REPOSITORY, SERVICES, Push, Refs, make_origin, make_pushes
from tests.workshop.load.sending import Sender
from tests.workshop.load.watching import Sample, look

LONGEST, MOST = 60.0, 6000
_SAMPLE_SECONDS, _READY_SECONDS, _DRAIN_SECONDS = 5.0, 60.0, 300.0
_HEAD = "minute  pushes    202  other  ack p50  ack p99  queued    RSS  threads  files  database  processor"
_ROW = "{minute:>6} {sent:>7} {accepted:>6} {other:>6} {p50:>5.1f} ms {p99:>5.0f} ms {queued:>7} {rss:>3.0f} MB {threads:>8} {files:>6} {database:>6.1f} MB {processor:>8.0%}"


@dataclass(slots=True)
class Run:
    """What was seen: a row for each minute, the samples between, and how it all ended."""

    rows: list[dict[str, float]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    accepted: int = 0
    other: list[str] = field(default_factory=list)


def run_load(root: Path, minutes: float, rate: int, out: Path) -> int:
    """Drive the host, say each minute how it does, and judge it; 0 only if all of it was held."""
    minutes, rate = min(minutes, LONGEST), min(rate, MOST)
    folder = _begin_anew(root)
    count = max(1, round(minutes * rate))
    print(f"{count} pushes, {rate} a minute, to {len(SERVICES)} services; state in {folder.root}")
    print("Real: git, the hook's door, SQLite, inspecting, deciding, the ledger. Not real: builds report at once, and")
    print("branches are moved by git update-ref, each told of as git's hook does.")
    make_origin(folder.origin)
    pushes = make_pushes(folder.origin, count)
    people = folder.load_people()
    with _host(folder) as pid:
        client = _client(folder, people)
        _wait_for_services(client)
        run = Run()
        held = _drive(folder, pid, pushes, rate, run)
        found = _accounted(client, pushes)
        held.append(judging.accounted(found))
    _tell(held)
    _keep(out, minutes, rate, run, found, held)
    print(f"Figures: {out}")
    return 0 if all(one.held is not False for one in held) else 1


def _begin_anew(root: Path) -> Folder:
    folder = Folder(root)
    if folder.root.exists() and any(folder.root.iterdir()) and not folder.started_before():
        raise SystemExit(f"{folder.root} holds something else; name an empty folder")
    shutil.rmtree(folder.root, ignore_errors=True)
    folder.root.mkdir(parents=True)
    return folder


@contextmanager
def _host(folder: Folder) -> Iterator[int]:
    """Run the host in a process of its own; it ends with this one, however that ends."""
    command = [sys.executable, "-m", "tests.workshop.load.host", str(folder.root)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        late = threading.Timer(_READY_SECONDS, process.kill)
        late.start()
        try:
            ready = process.stdout.readline()
            late.cancel()
            if not ready:
                raise SystemExit("the host did not start")
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()


def _client(folder: Folder, people: LocalPeople) -> Client:
    kept = folder.kept(repository=REPOSITORY, source=folder.origin)
    operator = next(one for one in people if one.name == "Olga Operator")
    return Client(f"http://127.0.0.1:{kept.port}", operator.key)


def _wait_for_services(client: Client) -> None:
    end = time.monotonic() + _READY_SECONDS
    while len(client.get("/api/services?most=100").body.get("services", ())) < len(SERVICES):
        if time.monotonic() > end:
            raise SystemExit("the host did not take up its services")
        time.sleep(0.2)


def _drive(folder: Folder, pid: int, pushes: Sequence[Push], rate: int, run: Run) -> list[Held]:
    refs = Refs(folder.origin)
    sender = Sender(folder.kept(repository=REPOSITORY, source=folder.origin), refs, rate)
    # Never longer than half as much again, also where this machine cannot even send so fast.
    end = time.monotonic() + 1.5 * 60 * len(pushes) / rate + 10
    sending = threading.Thread(target=sender.send, args=(pushes, lambda: time.monotonic() > end), name="sender")
    print(_HEAD, flush=True)
    sending.start()
    _watch(folder, pid, sending, sender, run)
    refs.close()
    seconds, last = _drain(folder, pid)
    _take(sender, run)
    return [
        judging.answered(sender.sent, len(pushes), run.accepted, len(run.other)),
        judging.memory_flat([one.rss for one in run.samples]),
        judging.no_queue_growing([one.queued for one in run.samples], rate),
        judging.drained(last.queued, last.poisoned, seconds),
    ]


def _watch(folder: Folder, pid: int, sending: threading.Thread, sender: Sender, run: Run) -> None:
    """Look every few seconds, and print a row each minute and for what is left at the end."""
    before, sent, begun = look(pid, folder.database), 0, time.monotonic()
    while sending.is_alive():
        sending.join(_SAMPLE_SECONDS)
        now = look(pid, folder.database)
        run.samples.append(now)
        spent = time.monotonic() - begun
        if spent >= 60 or not sending.is_alive():
            accepted, other = _take(sender, run)
            _row(run, now, sender.sent - sent, accepted, other, (now.processor - before.processor) / spent)
            before, sent, begun = now, sender.sent, time.monotonic()


def _take(sender: Sender, run: Run) -> tuple[list[float], list[str]]:
    accepted, other = sender.answers.take()
    run.accepted += len(accepted)
    run.other += other
    return accepted, other


def _row(run: Run, now: Sample, sent: int, accepted: list[float], other: list[str], processor: float) -> None:
    cuts = quantiles(accepted, n=100) if len(accepted) > 1 else [0.0] * 99
    seen = {name: value for name, value in asdict(now).items() if name not in ("queues", "processor")}
    row = {"sent": sent, "accepted": len(accepted), "other": len(other), "p50": cuts[49] * 1000, "p99": cuts[98] * 1000}
    run.rows.append({"minute": len(run.rows) + 1, **row, "queued": now.queued, **seen, "processor": processor})
    print(_ROW.format(**run.rows[-1]), flush=True)


def _drain(folder: Folder, pid: int) -> tuple[float, Sample]:
    begun = time.monotonic()
    while True:
        now = look(pid, folder.database)
        spent = time.monotonic() - begun
        if now.queued == now.poisoned or spent > _DRAIN_SECONDS:
            return spent, replace(now, queues={name: n for name, n in now.queues.items() if n})
        time.sleep(0.2)


def _accounted(client: Client, pushes: Sequence[Push]) -> Account:
    ledgers, broken = read_ledgers(client, SERVICES)
    return replace(account(pushes, ledgers), broken=tuple(broken))


def _tell(held: Sequence[Held]) -> None:
    print()
    for one in held:
        mark = {True: "✓", False: "✗", None: "·"}[one.held]
        print(f"  {mark} {one.name}: {one.figures}")


def _keep(out: Path, minutes: float, rate: int, run: Run, found: Account, held: Sequence[Held]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    figures = {
        "minutes": minutes,
        "rate": rate,
        "rows": run.rows,
        "samples": [asdict(one) for one in run.samples],
        "other": run.other[:100],
        "account": asdict(found),
        "held": [asdict(one) for one in held],
    }
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
