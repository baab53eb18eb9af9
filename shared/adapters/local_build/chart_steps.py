"""The steps that package and push the chart."""

from __future__ import annotations

from shared.adapters.local_build.work import StepFailed, Work


def package_chart(work: Work) -> bytes:
    """Lint and package the chart with the release's version."""
    chart = work.tree("source") / work.order.chart
    if not (chart / "Chart.yaml").is_file():
        raise StepFailed(
            f"there is no chart in {work.order.chart} at this commit; correct the service's chart in slipway.yaml"
        )
    findings = work.charts.lint(chart)
    lines = "".join(f"{each.severity}: {work.order.chart}/{each.path}: {each.message}\n" for each in findings).encode()
    errors = [each for each in findings if each.severity == "error"]
    if errors:
        first = f"{work.order.chart}/{errors[0].path}: {errors[0].message}"
        raise StepFailed(f"the chart has {len(errors)} lint errors, first {first}", lines)
    work.package = package = work.charts.package(
        chart, version=work.version(), app_version=work.tag(), into=work.scratch / "package"
    )
    return lines + f"packaged {package.name}, {package.stat().st_size} bytes\n".encode()


def push_chart(work: Work) -> bytes:
    """Push the packaged chart under the version."""
    order = work.order
    if work.package is None:
        package_chart(work)
    assert work.package is not None
    work.chart_digest = work.charts.push(work.package, order.registry, order.chart_repository)
    return f"pushed {order.registry}/{order.chart_repository}:{work.version()}@{work.chart_digest}\n".encode()
