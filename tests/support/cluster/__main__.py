"""`python -m tests.support.cluster up|run|sweep`: a control plane for use, and the end of what killed runs left in a given one.

`run qa=backend-qa production=backend -- COMMAND` runs a command that deploys to environments in these namespaces.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.support.cluster.names import CONTEXT, DISPOSABLE, context


def main() -> int:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.cluster", description="Control planes for tests")
    named = parser.add_subparsers(dest="command", required=True)
    named.add_parser("up", help="start one for use, until Ctrl-C")
    run = named.add_parser("run", help="run a command that deploys to environments in one")
    run.add_argument("environments", nargs="+", type=lambda text: text.split("=", 1), help="environment=namespace")
    named.add_parser("sweep", help=f"remove what killed runs of tests left in the cluster of {CONTEXT}")
    supervisor = named.add_parser("serve", help="supervise one for the processes of a run, which start this themselves")
    supervisor.add_argument("programs", type=Path)
    supervisor.add_argument("folder", type=Path)
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, command = parser.parse_args(sys.argv[1:at]), sys.argv[at + 1 :]
    if given.command == "up":
        from tests.support.cluster.use import up

        return up()
    if given.command == "run":
        from tests.support.cluster import environments

        return environments.run(dict(given.environments), command)
    if given.command == "sweep":
        return _sweep()
    from tests.support.cluster.shared import serve

    serve(given.programs, given.folder)
    return 0


def _sweep() -> int:
    from tests.support.cluster.given import sweep

    if not context():
        print(f"{CONTEXT} names no context; with {DISPOSABLE}=1 tests run in the cluster of one.", file=sys.stderr)
        return 2
    for prefix, names in sweep().items():
        print(f"Removed {prefix}: {', '.join(names)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
