"""A copy of a chart with its dependencies in place; the folder that was given is never written to."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin

from shared.adapters.helm_charts import metadata
from shared.adapters.helm_charts.children import Children
from shared.adapters.helm_charts.copied import Copying
from shared.adapters.helm_charts.fetching import Fetching
from shared.adapters.helm_charts.hosts import is_loopback
from shared.adapters.helm_charts.metadata import Dependency, Metadata
from shared.adapters.helm_charts.private import Private
from shared.ports.errors import Permanent

_GENERATED = re.compile(r"^generated:.*$", re.MULTILINE)
_DEEPEST = 20
_LOCKS = ("Chart.lock", "requirements.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparing:
    """`workers` read charts, `fetching` has those who ask the hosts that dependencies may come from; `private` asks ours."""

    workers: Children
    fetching: Fetching
    private: Private

    @contextmanager
    def prepared(self, chart: Path, root: Path | None) -> Iterator[Path]:
        """Copy a chart, and the folders it depends on, in their places to one another; fetch what is missing.

        Raise Permanent for a dependency that cannot be, Transient for one out of reach.
        """
        chart = Path(os.path.abspath(chart))
        with TemporaryDirectory(prefix="slipway-chart-") as scratch:
            # Resolved, as paths in what Helm says are.
            copies = Path(scratch).resolve()
            for folder, about in self._with_folders(chart, root, copies).items():
                self._fill(_in(copies, folder), about)
            yield _in(copies, chart)

    def _with_folders(self, chart: Path, root: Path | None, copies: Path) -> dict[Path, Metadata]:
        """Copy them; the chart's folder last, each dependency before whoever needs it."""
        order: dict[Path, Metadata] = {}
        copying = Copying(chart.name, root)

        def visit(folder: Path, above: tuple[Path, ...]) -> None:
            if folder in above or len(above) > _DEEPEST:
                raise Permanent(f"chart {chart.name}: {folder.name} depends on itself; break the circle in Chart.yaml")
            if folder in order:
                return
            if not (folder / "Chart.yaml").is_file():
                raise Permanent(f"{folder.name}/Chart.yaml cannot be read; is this the chart's folder?")
            copying.copy(folder, _in(copies, folder))
            about = metadata.of_folder(self.workers, _in(copies, folder))
            for dependency in about.dependencies:
                if dependency.folder is not None:
                    visit(_beside(folder, dependency.folder), (*above, folder))
            order[folder] = about

        visit(chart, ())
        return order

    def _fill(self, folder: Path, about: Metadata) -> None:
        doing = f"dependencies of chart {about.name}"
        missing = self._missing(folder, doing)
        if not missing:
            return
        for one in about.dependencies:
            if one.folder is None and one.repository:
                self.fetching.hosts.check(about.name, one.repository)
        for name in _LOCKS:
            if (folder / name).is_file():
                metadata.check_lock(self.workers, folder / name, about)
        ours = {n for n, one in enumerate(about.dependencies) if one.name in missing and self.private.holds(one)}
        if not ours:
            self._fetch(folder, about)
            return
        self._fetch_apart(folder, about, ours, missing)
        if self._missing(folder, doing):
            raise Permanent(f"{doing}: what Chart.lock has does not fit Chart.yaml; run `helm dependency update`")

    def _missing(self, folder: Path, doing: str) -> list[str]:
        found = self.workers.ask(doing, "missing", chart=str(folder))
        return [str(name) for name in found] if isinstance(found, list) else []

    def _fetch_apart(self, folder: Path, about: Metadata, ours: set[int], missing: Sequence[str]) -> None:
        """Fetch what lies where we are known; Helm, which would ask for all at once and as nobody, has the others alone."""
        locks = [folder / name for name in _LOCKS if (folder / name).is_file()]
        pinned = metadata.pinned(self.workers, locks[0], about) if locks else about.dependencies
        charts = folder / "charts"
        charts.mkdir(exist_ok=True)
        self._make_room(charts, missing)
        others = [one for n, one in enumerate(pinned) if n not in ours and one.name in missing and one.repository]
        if others:
            # Beside the chart, as folders are named from there.
            with TemporaryDirectory(dir=folder.parent, prefix="slipway-others-") as scratch:
                beside = Path(scratch)
                (beside / "Chart.yaml").write_text(_asking(about.name, others))
                self._fetch(beside, replace(about, dependencies=tuple(others)))
                for package in (beside / "charts").glob("*.tgz"):
                    package.replace(charts / package.name)
        for number in sorted(ours):
            self.private.fetch(about.name, pinned[number], charts)

    def _make_room(self, charts: Path, names: Sequence[str]) -> None:
        for package in sorted(charts.glob("*.tgz")):
            # What is no package is for Helm to say.
            with suppress(Permanent):
                if metadata.of_package(self.workers, package).name in names:
                    package.unlink()

    def _fetch(self, folder: Path, about: Metadata) -> None:
        doing = f"dependencies of chart {about.name}"
        asked = [one for one in about.dependencies if one.folder is None and one.repository]
        lock = folder / "Chart.lock"
        locked = lock.exists()
        hosts = [one.repository.removeprefix("oci://").partition("/")[0] for one in asked]
        plain = bool(hosts) and all(map(is_loopback, hosts))
        # Like `helm dependency build`: what Chart.lock pins where there is one, else what Chart.yaml asks for.
        if asked:
            with self.fetching.fetcher(about.name) as fetcher:
                for one in asked:
                    self._check(fetcher, about.name, one)
                fetcher.ask(doing, "fetch", chart=str(folder), plain_http=plain)
        else:
            self.workers.ask(doing, "fetch", chart=str(folder), plain_http=plain)
        if not locked and lock.exists():
            # The time of generation would make each package a different one.
            lock.write_text(_GENERATED.sub('generated: "1970-01-01T00:00:00Z"', lock.read_text()))

    def _check(self, fetcher: Children, chart: str, one: Dependency) -> None:
        if one.repository.startswith("oci://"):
            return
        # The repository's index says where its charts are, which may be another host.
        base = f"{one.repository.rstrip('/')}/"
        asked = {"repository": one.repository, "chart": one.name, "version": one.version}
        found = fetcher.ask(f"index of {one.repository}", "addresses", **asked)
        for address in found if isinstance(found, list) else ():
            self.fetching.hosts.check(chart, urljoin(base, str(address)))


def _asking(name: str, dependencies: Sequence[Dependency]) -> str:
    listed = [{"name": one.name, "version": one.version, "repository": one.repository} for one in dependencies]
    return json.dumps({"apiVersion": "v2", "name": name, "version": "0.0.0", "dependencies": listed})


def _beside(folder: Path, relative: str) -> Path:
    if os.path.isabs(relative):
        raise Permanent(
            f"chart {folder.name} depends on file://{relative}, which another machine may not have; write it relative"
        )
    beside = Path(os.path.normpath(folder / relative))
    if not (beside / "Chart.yaml").is_file():
        raise Permanent(f"chart {folder.name} depends on file://{relative}, and there is no chart in that folder")
    return beside


def _in(copies: Path, folder: Path) -> Path:
    return copies / folder.relative_to(folder.anchor)
