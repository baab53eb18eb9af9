"""`python -m infra.azure.package`: build the deployment package and say what is in it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.azure.package.build import build
from infra.azure.package.target import CannotPackage

ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    """Build it into a folder."""
    parser = argparse.ArgumentParser(prog="python -m infra.azure.package", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / ".local/package", help="the folder; what lies there goes")
    try:
        report = build(ROOT, parser.parse_args().out.resolve())
    except CannotPackage as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(report.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
