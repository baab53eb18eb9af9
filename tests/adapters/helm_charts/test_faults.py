"""Whose fault it is when a registry says no."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.manifest import HELM_LAYER, OCI_MANIFEST, canonical, digest_of
from shared.domain.values.names import Digest
from shared.ports.errors import AdapterError, NotFound, Permanent, Transient
from shared.ports.registry import HELM_CONFIG
from tests.support.acr import WSGIApp
from tests.support.registries import RequestLog, a_layer, answering, embedded_registry, put

ABSENT = Digest("sha256:" + "0" * 64)


@pytest.fixture
def package(charts: HelmCharts, folder: Path, tmp_path: Path) -> Path:
    """The sample's chart of delivery, packaged."""
    return charts.package(folder / "delivery", version="1.0.2", app_version="v1.0.2", into=tmp_path / "package")


@pytest.mark.parametrize(
    ("status", "kind", "ours"),
    [
        (401, Permanent, True),
        (403, Permanent, True),
        (404, NotFound, False),
        (400, Permanent, False),
        (429, Transient, None),
        (503, Transient, None),
    ],
)
def test_what_a_registrys_answer_means(
    charts: HelmCharts, tmp_path: Path, status: int, kind: type[AdapterError], ours: bool | None
) -> None:
    """Credentials are ours to mend, as everywhere at a registry; what is not there is named as a chart."""
    with answering(status) as host, pytest.raises(AdapterError) as refused:
        charts.pull(host, "charts/delivery", ABSENT, version="1.0.2", into=tmp_path)

    assert type(refused.value) is kind
    assert getattr(refused.value, "ours", None) is ours


@pytest.mark.parametrize(("status", "kind"), [(401, Permanent), (404, NotFound)])
def test_what_a_dependencys_registry_answers_means_the_same(
    charts: HelmCharts, folder: Path, tmp_path: Path, status: int, kind: type[AdapterError]
) -> None:
    """A dependency that nobody can find is the chart's fault; a registry in trouble is not."""
    chart = folder / "package/Chart.yaml"
    with answering(status) as host:
        chart.write_text(chart.read_text().replace("file://../common", f"oci://{host}/libraries"))

        with pytest.raises(AdapterError) as refused:
            charts.package(folder / "package", version="1.0.2", app_version="v1.0.2", into=tmp_path)

    assert type(refused.value) is kind


def spoilt(blob: Path) -> bool:
    """Change a byte of a chart's package in the registry's store; False for any other blob."""
    content = blob.read_bytes()
    if not content.startswith(b"\x1f\x8b"):
        return False
    blob.chmod(0o600)
    blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    return True


def test_bytes_that_are_not_what_the_digest_names_are_refused(
    charts: HelmCharts, package: Path, tmp_path: Path
) -> None:
    """A registry whose disk lies is found out."""
    with embedded_registry(tmp_path / "registry") as host:
        digest = OciRegistry().push_chart(host, "charts/delivery", package)
        blobs = [path for path in (tmp_path / "registry").rglob("*") if path.is_file()]
        assert [spoilt(blob) for blob in blobs].count(True) == 1

        with pytest.raises(Permanent, match=f"{digest} is not what its digest names") as refused:
            charts.pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled")

    assert not refused.value.ours
    assert list(tmp_path.glob("pulled/*")) == []


def test_attack_another_manifest_than_the_digest_names(charts: HelmCharts, package: Path, tmp_path: Path) -> None:
    """Attack: answer with a chart of one's own, whole in itself."""
    with embedded_registry() as host:
        other = OciRegistry().push_chart(host, "charts/delivery", package)
        with Connection(host, None) as connection:
            manifest = connection.manifest("charts/delivery", str(other)).content

    with answering(200, manifest.decode(), Content_Type=OCI_MANIFEST) as host:
        with pytest.raises(Permanent, match=f"came with the digest {other}"):
            charts.pull(host, "charts/delivery", ABSENT, version="1.0.2", into=tmp_path)


def test_a_digest_that_names_no_chart_is_refused(charts: HelmCharts, tmp_path: Path) -> None:
    """An image, say."""
    with embedded_registry() as host:
        digest = OciRegistry().push_image(host, "charts/delivery", a_layer(tmp_path), {})

        with pytest.raises(Permanent, match=f"{digest} is no chart") as refused:
            charts.pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path)
    assert not refused.value.ours


def stating(host: str, size: int) -> Digest:
    """Push the manifest of a chart whose package has a size, as it says."""
    with Connection(host, None) as connection:
        connection.upload("charts/delivery", io.BytesIO(b"{}"))
    empty = {"digest": str(digest_of(b"{}")), "size": 2}
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {**empty, "mediaType": HELM_CONFIG},
        "layers": [{**empty, "mediaType": HELM_LAYER, "size": size}],
    }
    content = canonical(document)
    return put(host, "charts/delivery", str(digest_of(content)), content, OCI_MANIFEST)


def test_attack_a_package_larger_than_any_chart(charts: HelmCharts, tmp_path: Path) -> None:
    """Attack: release a package that nobody can hold; it is not even asked for."""
    traffic = RequestLog()
    with embedded_registry(wrap=traffic.around) as host:
        digest = stating(host, 101 << 20)

        with pytest.raises(Permanent, match="is no chart: over 104857600 bytes") as refused:
            charts.pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path)

    assert not refused.value.ours
    assert traffic.blobs_sent() == []


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ("/manifests/", "the answer is longer than 4194304 bytes"),
        ("/blobs/", "is no chart: over 3145728 bytes"),
    ],
)
def test_attack_an_answer_without_an_end(charts: HelmCharts, tmp_path: Path, part: str, problem: str) -> None:
    """Attack: have the process that holds the credential read until its memory is gone, whatever size was stated."""
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        for _ in range(256):
            sent.append(1 << 20)
            yield b"x" * (1 << 20)

    def around(app: WSGIApp) -> WSGIApp:
        def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] != "GET" or part not in environ["PATH_INFO"]:
                return app(environ, start)
            status = "200 OK" if part == "/manifests/" else "206 Partial Content"
            start(status, [("Content-Length", str(1 << 40)), ("Content-Range", f"bytes 0-9/{1 << 40}")])
            return endless()

        return answer

    with embedded_registry(wrap=around) as host:
        digest = stating(host, 3 << 20)

        with pytest.raises(AdapterError, match=problem):
            charts.pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path)

    # What was under way in buffers counts too.
    assert sum(sent) < 64 << 20
