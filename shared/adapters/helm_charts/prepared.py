"""A copy of a chart with its dependencies in place; the folder that was given is never written to."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.adapters.helm_charts import metadata
from shared.adapters.helm_charts.faults import faults
from shared.ports.errors import Permanent

_GENERATED = re.compile(r"^generated:.*$", re.MULTILINE)


@contextmanager
def prepared(chart: Path, plain_http: Callable[[str], bool]) -> Iterator[Path]:
    """Copy a chart, and the folders it depends on, in their places to one another; fetch what is missing.

    Raise Permanent for a dependency that cannot be, Transient for one out of reach.
    """
    order = _with_folders(chart.resolve())
    root = Path(os.path.commonpath([folder.parent for folder in order]))
    with TemporaryDirectory(prefix="slipway-chart-") as scratch:
        for folder in order:
            _copy(folder, Path(scratch) / folder.relative_to(root))
        for folder in order:
            _fill(Path(scratch) / folder.relative_to(root), plain_http)
        yield Path(scratch) / chart.resolve().relative_to(root)


def _with_folders(chart: Path) -> list[Path]:
    """The chart's folder last, each dependency before whoever needs it."""
    order: list[Path] = []

    def visit(folder: Path, above: tuple[Path, ...]) -> None:
        if folder in above:
            raise Permanent(f"chart {chart.name}: {folder.name} depends on itself; break the circle in Chart.yaml")
        if folder in order:
            return
        for relative in metadata.of_folder(folder).folders:
            if os.path.isabs(relative):
                raise Permanent(
                    f"chart {folder.name} depends on file://{relative}, which another machine may not have; write it relative"
                )
            beside = Path(os.path.normpath(folder / relative))
            if not (beside / "Chart.yaml").is_file():
                raise Permanent(
                    f"chart {folder.name} depends on file://{relative}, and there is no chart in that folder"
                )
            visit(beside, (*above, folder))
        order.append(folder)

    visit(chart, ())
    return order


def _copy(folder: Path, to: Path) -> None:
    for path in folder.rglob("*"):
        # Helm follows them, and so what is packaged would depend on the machine.
        if path.is_symlink():
            raise Permanent(
                f"chart {folder.name}: {path.relative_to(folder)} is a symbolic link; put the file itself there"
            )
    shutil.copytree(folder, to, dirs_exist_ok=True)


def _fill(folder: Path, plain_http: Callable[[str], bool]) -> None:
    import helm_python as helm

    about = metadata.of_folder(folder)
    with faults(f"dependencies of chart {about.name}", of_chart=True):
        if all(each["status"] in {"ok", "unpacked"} for each in helm.dependency_list(str(folder))):
            return
        lock = folder / "Chart.lock"
        locked = lock.exists()
        # Like `helm dependency build`: what Chart.lock pins where there is one, else what Chart.yaml asks for.
        helm.dependency_build(str(folder), plain_http=bool(about.hosts) and all(map(plain_http, about.hosts)))
    if not locked and lock.exists():
        # The time of generation would make each package a different one.
        lock.write_text(_GENERATED.sub('generated: "1970-01-01T00:00:00Z"', lock.read_text()))
