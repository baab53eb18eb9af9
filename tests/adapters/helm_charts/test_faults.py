"""Whose fault it is when a registry says no."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.oci_registry import OciRegistry
from shared.domain.names import Digest
from shared.ports.errors import AdapterError, NotFound, Permanent, Transient
from tests.support.registries import embedded_registry

ABSENT = Digest("sha256:" + "0" * 64)


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A registry that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = answer

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


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
        (400, Transient, None),
        # The library tries for seven seconds by itself.
        pytest.param(503, Transient, None, marks=pytest.mark.slow),
    ],
)
def test_what_a_registrys_answer_means(
    charts: HelmCharts, tmp_path: Path, status: int, kind: type[AdapterError], ours: bool | None
) -> None:
    """Credentials are ours to mend; what is not understood is tried again, and ends as our error."""
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

        with pytest.raises(Permanent, match="mismatch"):
            charts.pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled")

    assert list(tmp_path.glob("pulled/*")) == []
