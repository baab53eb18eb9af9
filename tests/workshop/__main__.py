"""`python -m tests.workshop bench|drill|load|soak`: tools that try and measure Slipway, and are no part of it."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from infra.local.folder import SQLITE, STORES
from shared.telemetry import quiet_others

LOAD_FOLDER, DRILL_FOLDER = Path(".local/load"), Path(".local/drill")


def commands() -> argparse.ArgumentParser:
    """Say what may be asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.workshop", description="Tools that try and measure Slipway")
    named = parser.add_subparsers(dest="command", required=True)
    bench = named.add_parser("bench", help="measure, each figure beside its floor and its goal")
    bench.add_argument("--only", default="", help="parts by name, all without it")
    bench.add_argument("--store", choices=STORES, default=SQLITE, help="what is measured; sqlite without it")
    bench.add_argument("--cluster", action="store_true", help="measure deploying with Helm, on a control plane")
    bench.add_argument("--quick", action="store_true", help="try it out; not for figures")
    load = named.add_parser("load", help="push to a host of its own at a steady rate and account for every push")
    load.add_argument("--minutes", type=float, default=10, help="for how long")
    load.add_argument("--rate", type=int, default=1000, help="pushes a minute")
    load.add_argument("--dir", type=Path, default=LOAD_FOLDER, help="where the state is kept")
    load.add_argument("--out", type=Path, default=Path(".local/load.json"), help="where the figures are written")
    soak = named.add_parser("soak", help="take random steps with fresh seeds, each of them judged")
    soak.add_argument("--steps", type=int, default=1_000_000, help="how many")
    soak.add_argument("--seed", type=int, help="repeat one part")
    soak.add_argument("--store", choices=("memory", "sqlite"), help="what it runs on; without it mostly memory")
    soak.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many processes")
    add_drill(named.add_parser("drill", help="kill, tear and starve a host at every boundary of a story"))
    return parser


def add_drill(parser: argparse.ArgumentParser) -> None:
    """Say what may be asked of a drill."""
    parser.add_argument(
        "--part", action="append", choices=["kills", "torn", "full"], help="this part only; may be repeated"
    )
    parser.add_argument("--cluster", action="store_true", help="deploy with Helm, on a control plane: kills only")
    parser.add_argument("--only", default="", metavar="KIND", help="kills at this kind of work only, e.g. deploy")
    parser.add_argument("--short", action="store_true", help="one kill for each kind of work, one torn write")
    parser.add_argument("--seed", type=int, default=1, help="another choice of works, moments and bytes")
    parser.add_argument("--dir", type=Path, default=DRILL_FOLDER, help="where hosts are started; begun anew each time")
    parser.add_argument("--workers", type=int, default=2, help="how many hosts at the same time")


def main(arguments: list[str] | None = None) -> int:
    """Run one tool; the exit code is 0 only where it found nothing wrong."""
    given = commands().parse_args(arguments)
    logging.basicConfig(
        level=os.environ.get("SLIPWAY_LOG", "WARNING"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    quiet_others()
    if given.command == "bench":
        from tests.workshop.bench.run import run_bench

        return run_bench(given.only, quick=given.quick, store=given.store, cluster=given.cluster)
    if given.command == "load":
        from tests.workshop.load.command import run_load

        return run_load(given.dir, given.minutes, given.rate, given.out)
    if given.command == "soak":
        from tests.workshop.soak.command import run_soak

        return run_soak(given.steps, seed=given.seed, store=given.store, workers=given.workers)
    return drill(given)


def drill(given: argparse.Namespace) -> int:
    """Run the crash drill."""
    from tests.workshop.drill.boundaries import KINDS
    from tests.workshop.drill.command import PARTS, Options, run_drill

    if given.only not in ("", *KINDS):
        print(f"{given.only} is no kind of work; the kinds are: {', '.join(KINDS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    parts = ("kills",) if given.only else PARTS
    options = Options(
        folder=given.dir,
        parts=tuple(given.part or parts),
        only=given.only,
        short=given.short,
        seed=given.seed,
        workers=given.workers,
    )
    if given.cluster:
        from tests.workshop.drill.cluster import run_on_cluster

        return run_on_cluster(options)
    return run_drill(options)


if __name__ == "__main__":
    sys.exit(main())
