"""The steps that make, scan and push the image."""

from __future__ import annotations

from shared.adapters.local_build import dockerfile, image, scans
from shared.adapters.local_build.work import SCAN_REPORT, BuildWork, StepFailed
from shared.domain.values.artifact import PartKind
from shared.ports.builder import ScanResult

# Reading JSON takes thirty times as much memory.
_LARGEST_REPORT = 8 << 20


def build_image(work: BuildWork) -> bytes:
    """Pack the build context, and read from the Dockerfile who the image would run as."""
    order = work.order
    work.refuse_unusable(order.context, order.dockerfile)
    work.user, warning = _user(work)
    folder = work.tree("source") / order.context
    if not folder.is_dir():
        raise StepFailed(f"there is no folder {order.context} at this commit; correct build.context in slipway.yaml")
    work.layer = layer = work.scratch / "layer.tar.gz"
    image.write_layer(folder, layer)
    who = "a user that only its base image knows" if work.user is None else f"user {work.user or 'root'}"
    packed = f"packed {order.context or 'the repository'} into one layer of {layer.stat().st_size} bytes, {who}\n"
    return f"{warning}{packed}".encode()


def _user(work: BuildWork) -> tuple[str | None, str]:
    order = work.order
    content = work.source.file(order.repository, order.commit, order.dockerfile)
    if content is None:
        raise StepFailed(f"there is no {order.dockerfile} at this commit; a service needs a Dockerfile")
    try:
        return dockerfile.user(content.decode(errors="replace"), dict(order.args)), ""
    except dockerfile.RunsAsRoot as root:
        # Whether that matters is for the gate of each environment to say.
        return root.user, f"warning: {order.dockerfile}: {root}\n"
    except dockerfile.UnreadableDockerfile as error:
        raise StepFailed(f"{order.dockerfile} cannot be read: it {error}") from error


def scan(work: BuildWork) -> bytes:
    """Take the report that a scanner left, if one did; what it says is a gate's business."""
    report = work.tested / SCAN_REPORT
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


def push_image(work: BuildWork) -> bytes:
    """Push the image by its digest, and let a scan report say whether it is about this image."""
    order, repository = work.order, work.repository(PartKind.IMAGE)
    if work.layer is None:
        build_image(work)
    assert work.layer is not None
    config = image.configuration(service=order.service, commit=order.commit, version=work.version(), user=work.user)
    work.image_digest = work.registry.push_image(order.registry, repository, work.layer, config)
    if work.report is not None:
        work.scan = work.report.about(work.image_digest)
    return f"pushed {order.registry}/{repository}@{work.image_digest}\n".encode()
