"""The steps that check, package and push the chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.local_build.chart_folders import folders
from shared.adapters.local_build.work import BuildWork, StepFailed
from shared.domain.charts.manifests import Finding, findings
from shared.domain.values.artifact import PartKind
from shared.domain.values.errors import InvalidValue
from shared.ports.builder import RenderFor, WouldBlock
from shared.ports.chart import LintFinding, Rendering, UnreadManifests, filled
from shared.ports.errors import Permanent

# What a chart is packaged as before it has a version.
_STAND_IN = "0.0.0-check"
_LONGEST_REASON = 300
_MOST_FINDINGS = 50
_MOST_RENDERED = 4 << 20


def check_chart(work: BuildWork) -> bytes:
    """Package, lint and render the chart as each environment would have it, with stand-ins for version and digest."""
    chart = work.tree("source") / work.order.chart
    if not (chart / "Chart.yaml").is_file():
        raise StepFailed(
            f"there is no chart in {work.order.chart} at this commit; correct the service's chart in slipway.yaml"
        )
    work.refuse_unusable(*folders(work))
    printed = _Printed()
    package = _packaged(work, _STAND_IN, printed)
    each = [_filled(work, one, {}, printed) for one in work.order.environments]
    # Before lint, whose findings name lines of it; lint tells better what is wrong where both do.
    rendered, failures = _rendered(work, package, each, printed)
    _lint(work, chart, [one.rendering for one in each], printed)
    _refuse(failures, printed)
    work.would_block = tuple(_judged(work, rendered, printed))
    return printed.text()


def push_chart(work: BuildWork) -> bytes:
    """Package the chart under the version, render it once more with the image that was pushed, and push it."""
    order, repository, printed = work.order, work.repository(PartKind.CHART), _Printed()
    package = _packaged(work, work.version(), printed)
    pushed = {"version": work.version(), "tag": work.tag(), "digest": str(work.image_digest)}
    each = [_filled(work, one, pushed, printed) for one in order.environments]
    rendered, failures = _rendered(work, package, each, printed)
    _refuse(failures, printed)
    work.would_block = tuple(_judged(work, rendered, printed))
    work.chart_digest = work.registry.push_chart(order.registry, repository, package)
    printed.line(f"pushed {order.registry}/{repository}@{work.chart_digest}")
    return printed.text()


@dataclass(frozen=True, slots=True)
class _Filled:
    """What an environment would have the chart rendered with."""

    order: RenderFor
    values: Mapping[str, str]
    rendering: Rendering

    @property
    def image(self) -> str:
        """The image that it should run, as it would be pulled there."""
        return "{image}:{tag}@{digest}".format_map(self.values)


class _Printed:
    """What a step prints, of bounded length."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def line(self, text: str) -> None:
        """Print a line."""
        self.write(f"{text}\n".encode())

    def write(self, content: bytes) -> None:
        """Print as much as there is room for."""
        room = _MOST_RENDERED - self._size
        if room <= 0:
            return
        self._pieces.append(content if len(content) <= room else content[:room] + b"\n[the rest was left out]\n")
        self._size += len(content)

    def text(self) -> bytes:
        """Return all of it."""
        return b"".join(self._pieces)


def _lint(work: BuildWork, chart: Path, as_deployed: Sequence[Rendering], printed: _Printed) -> None:
    found = work.charts.lint(chart, as_deployed, root=work.tree("source"))
    for each in found:
        printed.line(f"{each.severity}: {_said(work, each)}")
    errors = [each for each in found if each.severity == "error"]
    if errors:
        raise StepFailed(
            f"the chart has {len(errors)} lint errors, first {_said(work, errors[0])}",
            printed.text(),
        )


def _said(work: BuildWork, finding: LintFinding) -> str:
    line = f":{finding.line}" if finding.line else ""
    return f"{work.order.chart}/{finding.path}{line}: {finding.message}"


def _packaged(work: BuildWork, version: str, printed: _Printed) -> Path:
    chart = work.tree("source") / work.order.chart
    package = work.charts.package(
        chart, version=version, app_version=f"v{version}", into=work.scratch / "package", root=work.tree("source")
    )
    repository = work.repository(PartKind.CHART)
    name, wanted = package.name.removesuffix(f"-{version}.tgz"), repository.rpartition("/")[2]
    if name != wanted:
        raise StepFailed(
            f"{work.order.chart}/Chart.yaml names the chart {name}, but it is pushed to {repository}, whose last part "
            f"must be the chart's name; write name: {wanted} there, or change artifacts.chart in slipway.yaml",
            printed.text(),
        )
    printed.line(f"packaged {package.name}, {package.stat().st_size} bytes")
    return package


def _rendered(
    work: BuildWork, package: Path, wanted: Sequence[_Filled], printed: _Printed
) -> tuple[Sequence[tuple[_Filled, bytes]], Sequence[str]]:
    """Render for every environment, and say for which ones it failed."""
    found: list[tuple[_Filled, bytes]] = []
    failures: list[str] = []
    for each in wanted:
        name, namespace = each.order.place.environment, each.order.place.namespace
        try:
            manifests = work.charts.render(package, each.rendering)
        except Permanent as error:
            if error.ours:
                raise
            failures.append(f"for {name}: {error}")
            printed.line(f"\n# Cannot be rendered {failures[-1]}")
            continue
        printed.line(f"\n# As rendered for {name}, namespace {namespace}:")
        printed.write(manifests)
        found.append((each, manifests))
    return found, failures


def _refuse(failures: Sequence[str], printed: _Printed) -> None:
    if failures:
        raise StepFailed(f"the chart cannot be rendered {'; '.join(failures[:3])}", printed.text())


def _judged(work: BuildWork, rendered: Sequence[tuple[_Filled, bytes]], printed: _Printed) -> Iterator[WouldBlock]:
    """Say for which environments the manifests would not do."""
    for each, manifests in rendered:
        problems, name = _problems(work, each, manifests), each.order.place.environment
        for problem in problems:
            printed.line(f"{name} would block: {problem}")
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            reason = f"{problems[0][:_LONGEST_REASON]}{more}"
            work.judged(name, problems)
            yield WouldBlock(environment=name, reason=reason)


def _problems(work: BuildWork, each: _Filled, manifests: bytes) -> Sequence[str]:
    unread: Sequence[Finding] = ()
    try:
        objects = work.charts.parse(manifests)
    except UnreadManifests as error:
        # Helm takes them: whether they may go on without having been judged is for people to say.
        unread, objects = [Finding(place, "", problem) for place, problem in error.faults], error.objects
    users = {} if work.user is None else {each.values["digest"]: (("", work.user),)}
    found = findings(
        objects,
        image=each.image,
        users=users,
        hooks=each.order.hooks,
        home=each.order.home,
        manifests=manifests,
        before=unread,
        most=_MOST_FINDINGS,
    )
    return [": ".join(filter(None, (one.object, one.field, one.problem))) for one in found]


def _filled(work: BuildWork, each: RenderFor, known: Mapping[str, str], printed: _Printed) -> _Filled:
    order = work.order

    def read(path: str) -> bytes | None:
        return work.source.file(order.repository, order.commit, path)

    values = {**dict(each.placeholders), **known}
    try:
        rendering, _ = filled(
            each.place.release_name,
            each.place.namespace,
            paths=each.values,
            settings=each.set,
            placeholders=values,
            read=read,
        )
    except InvalidValue as error:
        # slipway.yaml is read with the same placeholders.
        raise Permanent(f"a template of {each.place.environment} cannot be filled: {error}", ours=True) from error
    except Permanent as error:
        if not error.ours:
            _refuse([f"for {each.place.environment}: {error}"], printed)
        raise
    return _Filled(each, values, rendering)
