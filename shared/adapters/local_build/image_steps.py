"""The steps that make, scan and push the image."""

from __future__ import annotations

from shared.adapters.local_build import dockerfile, image, scans
from shared.adapters.local_build.work import SCAN_REPORT, StepFailed, Work
from shared.ports.builder import ScanResult

_LARGEST_REPORT = 64 << 20


def build_image(work: Work) -> bytes:
    """Pack the service's folder, if its Dockerfile gives an image that does not run as root."""
    folder = work.tree("source") / work.order.context
    try:
        text = (work.tree("source") / work.order.dockerfile).read_text(errors="replace")
    except OSError as error:
        raise StepFailed(f"{work.order.dockerfile} cannot be read: {error.strerror}; a service needs one") from error
    try:
        work.user = dockerfile.user(text, dict(work.order.args))
    except dockerfile.RunsAsRoot as error:
        raise StepFailed(f"{work.order.dockerfile}: {error}") from error
    work.layer = layer = work.scratch / "layer.tar.gz"
    image.write_layer(folder, layer)
    return f"packed {work.order.context} into one layer of {layer.stat().st_size} bytes, user {work.user}\n".encode()


def scan(work: Work) -> bytes:
    """Take the report that a scanner left, if one did; what it says is a gate's business."""
    report = work.scratch / "tests" / work.order.path / SCAN_REPORT
    if not report.is_file() or report.is_symlink():
        work.scan = ScanResult(worst=None, reason="no scanner on this host")
    elif report.stat().st_size > _LARGEST_REPORT:
        work.scan = ScanResult(worst=None, reason=f"the scan report is larger than {_LARGEST_REPORT >> 20} MiB")
    else:
        try:
            work.report = scans.read(report.read_bytes())
            work.scan = work.report.about(work.image_digest)
        except scans.UnknownReport as error:
            work.scan = ScanResult(worst=None, reason=str(error))
        else:
            return report.read_bytes()
    return f"unknown: {work.scan.reason}\n".encode()


def push_image(work: Work) -> bytes:
    """Push the image under the version's tag, and let a scan report say whether it is about this image."""
    order = work.order
    if work.layer is None:
        build_image(work)
    assert work.layer is not None
    config = image.configuration(service=order.service, commit=order.commit, version=work.version(), user=work.user)
    work.image_digest = work.registry.push_image(order.registry, order.image_repository, work.tag(), work.layer, config)
    if work.report is not None:
        work.scan = work.report.about(work.image_digest)
    return f"pushed {order.registry}/{order.image_repository}:{work.tag()}@{work.image_digest}\n".encode()
