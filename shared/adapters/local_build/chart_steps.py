"""The steps that check, package and push the chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from shared.adapters.local_build.work import StepFailed, Work
from shared.domain.errors import InvalidValue
from shared.domain.manifests import findings
from shared.domain.placeholders import expand
from shared.ports.builder import RenderFor, WouldBlock
from shared.ports.chart import LintFinding, Rendering
from shared.ports.errors import Permanent

# What a chart is packaged as before it has a version.
_STAND_IN = "0.0.0-check"
_LONGEST_REASON = 300
_MOST_RENDERED = 4 << 20


def check_chart(work: Work) -> bytes:
    """Package, lint and render the chart as each environment would have it, with stand-ins for version and digest."""
    chart = work.tree("source") / work.order.chart
    if not (chart / "Chart.yaml").is_file():
        raise StepFailed(
            f"there is no chart in {work.order.chart} at this commit; correct the service's chart in slipway.yaml"
        )
    work.refuse_unusable(work.order.chart)
    printed = _Printed()
    _lint(work, chart, printed)
    package = _packaged(work, _STAND_IN, printed)
    work.would_block = tuple(_judged(work, package, {}, printed))
    return printed.text()


def push_chart(work: Work) -> bytes:
    """Package the chart under the version, render it once more with the image that was pushed, and push it."""
    order, printed = work.order, _Printed()
    package = _packaged(work, work.version(), printed)
    pushed = {"version": work.version(), "tag": work.tag(), "digest": str(work.image_digest)}
    work.would_block = tuple(_judged(work, package, pushed, printed))
    work.chart_digest = work.registry.push_chart(order.registry, order.chart_repository, package)
    printed.line(f"pushed {order.registry}/{order.chart_repository}@{work.chart_digest}")
    return printed.text()


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


def _lint(work: Work, chart: Path, printed: _Printed) -> None:
    as_deployed = [_rendering(work, each, dict(each.placeholders)) for each in work.order.environments]
    found = work.charts.lint(chart, as_deployed, root=work.tree("source"))
    for each in found:
        printed.line(f"{each.severity}: {_said(work, each)}")
    errors = [each for each in found if each.severity == "error"]
    if errors:
        raise StepFailed(
            f"the chart has {len(errors)} lint errors, first {_said(work, errors[0])}",
            printed.text(),
        )


def _said(work: Work, finding: LintFinding) -> str:
    line = f":{finding.line}" if finding.line else ""
    return f"{work.order.chart}/{finding.path}{line}: {finding.message}"


def _packaged(work: Work, version: str, printed: _Printed) -> Path:
    chart = work.tree("source") / work.order.chart
    package = work.charts.package(
        chart, version=version, app_version=f"v{version}", into=work.scratch / "package", root=work.tree("source")
    )
    name, wanted = package.name.removesuffix(f"-{version}.tgz"), work.order.chart_repository.rpartition("/")[2]
    if name != wanted:
        raise StepFailed(
            f"{work.order.chart}/Chart.yaml names the chart {name}, but it is pushed to {work.order.chart_repository}, whose last part "
            f"must be the chart's name; write name: {wanted} there, or change artifacts.chart in slipway.yaml",
            printed.text(),
        )
    printed.line(f"packaged {package.name}, {package.stat().st_size} bytes")
    return package


def _judged(work: Work, package: Path, known: Mapping[str, str], printed: _Printed) -> Iterator[WouldBlock]:
    """Render for each environment, and say for which ones the manifests would not do."""
    for each in work.order.environments:
        values = {**dict(each.placeholders), **known}
        try:
            manifests = work.charts.render(package, _rendering(work, each, values))
        except Permanent as error:
            if error.ours:
                raise
            raise StepFailed(f"the chart cannot be rendered for {each.environment}: {error}", printed.text()) from error
        printed.line(f"\n# As rendered for {each.environment}, namespace {each.namespace}:")
        printed.write(manifests)
        problems = _problems(work, manifests, "{image}:{tag}@{digest}".format_map(values))
        for problem in problems:
            printed.line(f"# {each.environment} would block: {problem}")
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            yield WouldBlock(environment=each.environment, reason=f"{problems[0][:_LONGEST_REASON]}{more}")


def _problems(work: Work, manifests: bytes, image: str) -> Sequence[str]:
    try:
        objects = work.charts.parse(manifests)
    except Permanent as error:
        if error.ours:
            raise
        return [str(error)]
    return [": ".join(filter(None, (one.object, one.field, one.problem))) for one in findings(objects, image=image)]


def _rendering(work: Work, each: RenderFor, values: Mapping[str, str]) -> Rendering:
    order = work.order
    try:
        paths = [expand(path, values) for path in each.values]
        settings = tuple((key, setting.expanded(values)) for key, setting in each.set)
    except InvalidValue as error:
        # slipway.yaml is read with the same placeholders.
        raise Permanent(f"a template of {each.environment} cannot be filled: {error}", ours=True) from error
    files = [work.source.file(order.repository, order.commit, path) for path in paths]
    return Rendering(
        release_name=order.service,
        namespace=each.namespace,
        values=tuple(content for content in files if content is not None),
        set=settings,
    )
