"""`python -m infra.local up|demo|check|rbac|ledger`: Slipway on one machine."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.asked_to_stop import AskedToStop
from infra.local.folder import AZURITE, STORES, Folder
from infra.local.links import tell_links
from infra.local.repository import NoRepository, Repository, find_repository
from infra.local.sample import REPOSITORY, make_origin
from shared.adapters.processes import keep_to_itself
from shared.telemetry import quiet_others

if TYPE_CHECKING:
    from infra.local.machine import Machine

DEFAULT_FOLDER, DEMO_FOLDER = Path(".local/up"), Path(".local/demo")


def commands() -> argparse.ArgumentParser:
    """Say what may be asked for."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Slipway on one machine")
    named = parser.add_subparsers(dest="command", required=True)
    up = named.add_parser("up", help="serve until Ctrl-C")
    up.add_argument("--repo", type=Path, help="your monorepo; without it the sample is served")
    add_place(up, DEFAULT_FOLDER)
    up.add_argument("--port", type=int, help="the page's port; without it the one before, or 7071")
    up.add_argument("--links", action="store_true", help="make new sign-in links; those before end")
    demo = named.add_parser("demo", help="release the sample and say what was proven")
    add_place(demo, DEMO_FOLDER)
    demo.add_argument(
        "--cluster", action="store_true", help="deploy with Helm to the clusters of SLIPWAY_CLUSTERS: qa and production"
    )
    demo.add_argument("--stay", action="store_true", help="go on serving until Ctrl-C")
    check = named.add_parser("check", help="read a monorepo as Slipway would; nothing is kept or pushed")
    check.add_argument("--repo", type=Path, required=True, help="your monorepo, bare or with a work tree")
    check.add_argument("--ref", help="a branch, or a full commit id; without it the default branch")
    check.add_argument("--people", type=Path, help="a local host's people.json, which approvers are compared with")
    rbac = named.add_parser(
        "rbac", help="print the rights that an environment's deployer needs, for kubectl apply -f -"
    )
    rbac.add_argument("--environment", required=True)
    rbac.add_argument("--repo", type=Path, help="your monorepo, whose slipway.yaml names the namespace")
    rbac.add_argument("--identity", default="", help="the object id of the managed identity that deploys")
    rbac.add_argument("--account", default="", help="or the ServiceAccount that does, as [namespace/]name")
    ledger = named.add_parser("ledger", help="print a ledger to the byte")
    ledger.add_argument("service", help="<repository>~<service>, or estate")
    ledger.add_argument("--dir", type=Path, default=DEFAULT_FOLDER, help="where the state is kept")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0 only where it did all it says."""
    given = commands().parse_args(arguments)
    logging.basicConfig(
        level=os.environ.get("SLIPWAY_LOG", "WARNING"), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    quiet_others()
    if given.command == "demo":
        from infra.local.demo import run_demo

        return run_demo(place(given, DEMO_FOLDER), given.store, cluster=given.cluster, stay=given.stay)
    if given.command == "check":
        from infra.local.check.command import run_check

        return run_check(given.repo, given.ref, people=given.people, path=os.environ.get("PATH", os.defpath))
    if given.command == "rbac":
        from infra.local.rbac.command import RightsAsked, run_rbac

        asked = RightsAsked(given.environment, repo=given.repo, identity=given.identity, account=given.account)
        return run_rbac(asked)
    if given.command == "ledger":
        from infra.local.ledger import print_ledger

        return print_ledger(given.dir, given.service, sys.stdout)
    return serve(place(given, DEFAULT_FOLDER), given.repo, given.port, given.store, links=given.links)


def add_place(parser: argparse.ArgumentParser, default: Path) -> None:
    """Ask where and in what the state is kept."""
    parser.add_argument("--dir", type=Path, help=f"where the state is kept; without it {default}, or {default}-azurite")
    parser.add_argument("--store", choices=STORES, help="what the state of a new folder is kept in; without it sqlite")


def place(given: argparse.Namespace, default: Path) -> Path:
    """The folder that was asked for, or the one that the store has where none was."""
    if given.dir is not None:
        return Path(given.dir)
    return default.with_name(f"{default.name}-{AZURITE}") if given.store == AZURITE else default


def serve(root: Path, repo: Path | None, port: int | None, store: str | None, *, links: bool = False) -> int:
    """Run the local host until it is told to stop."""
    from infra.local.machine import Machine

    keep_to_itself()
    os.umask(0o077)
    folder = Folder(root)
    try:
        found = _served(repo)
    except NoRepository as error:
        print(error, file=sys.stderr)
        return 2
    if found is None and not folder.started_before():
        make_origin(folder.origin)
    name, source = (found.name, found.path) if found else (REPOSITORY, folder.origin)
    with AskedToStop() as stop:
        machine = Machine(folder, repository=name, source=source, port=port, store=store, links=links)
        return _run(machine, found, stop)


def _run(machine: Machine, found: Repository | None, stop: AskedToStop) -> int:
    from infra.local.host.errors import HostRefused

    try:
        machine.start()
    except HostRefused as refused:
        print(f"{refused} (PORT=, or stop what listens there)", file=sys.stderr)
        machine.stop()
        return 2
    try:
        print(f"Slipway serves {machine.kept.source} as {machine.kept.repository!r}; state in {machine.folder.root}")
        tell_links(machine.url, machine.people)
        for warning in (*machine.warnings, *_not_begun(found)):
            print(f"Note: {warning}")
        # A clone takes pushes too, to every branch but the one that it has checked out.
        print(f"Push to it: git clone {shlex.quote(machine.kept.source)}")
        print("Ctrl-C stops it.", flush=True)
        stop.wait()
        print("Stopping: what runs may finish.", flush=True)
    finally:
        machine.stop()
    return 0


def _served(repo: Path | None) -> Repository | None:
    """Find the repository that is to be served; raise NoRepository where it has no default branch, as nothing is in force then."""
    found = find_repository(repo) if repo is not None else None
    if found is not None and not found.default:
        raise NoRepository(
            f"{found.path} has no branch checked out (its HEAD is detached), so that it has no default branch; "
            f"check out the one that slipway.yaml is read from: git -C {shlex.quote(str(found.path))} switch main"
        )
    return found


def _not_begun(found: Repository | None) -> list[str]:
    if found is None or found.begun:
        return []
    return [f"the default branch {found.branch} of {found.path} has no commit; push one with a slipway.yaml to it"]


if __name__ == "__main__":
    sys.exit(main())
