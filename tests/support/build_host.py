"""A host that builds and can be killed: `python -m tests.support.build_host <folder of the site> <test command> [<what confines it>]`."""

from __future__ import annotations

import sys
from pathlib import Path

from shared.adapters.processes import keep_to_itself
from shared.ports.builder import Step
from tests.support.build_site import Site
from tests.support.git_repositories import GitRepository


def main(folder: Path, test: str, kept_by: str | None = None) -> None:
    """Run one validation of the sample's delivery."""
    keep_to_itself()
    site = Site(folder / "builds", GitRepository(folder / "origin.git"), "", kept_by=kept_by)
    site.build(site.order(test=test, steps=(Step.UNIT_TESTS,), version=None))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
