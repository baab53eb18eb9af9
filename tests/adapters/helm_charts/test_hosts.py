"""Where dependencies of charts may come from."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts, Hosts
from shared.ports.errors import Permanent, Transient


def hosts(*listed: str, near: bool = False, known: Mapping[str, tuple[str, ...]] | None = None) -> Hosts:
    """Hosts with a directory of names of their own."""
    return Hosts(listed=frozenset(listed), near=near, look_up=lambda host: (known or {}).get(host, ()))


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("oci://ghcr.io/charts", "ghcr.io"),
        ("https://charts.example.com/stable", "charts.example.com"),
        ("https://charts.example.com:8443/stable", "charts.example.com:8443"),
        ("https://CHARTS.example.com./stable", "charts.example.com"),
        ("https://charts.example.com/stable", "charts.example.com:443"),
        ("https://anything.example.com", "*"),
    ],
)
def test_a_listed_host_is_asked(address: str, listed: str) -> None:
    """By name, by name and port, or any."""
    hosts(listed, known={"charts.example.com": ("93.184.216.34",)}).check("delivery", address)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("oci://ghcr.io/charts", "SLIPWAY_CHART_HOSTS does not list ghcr.io; have it added there"),
        ("https://listed.example.com.evil.com", "does not list listed.example.com.evil.com"),
        ("https://listed.example.com:8443", "does not list"),
        ("https://user:secret@listed.example.com/x", "with a user or password; leave them out"),
        ("@bitnami", "a name that somebody's own Helm knows; write the repository's address"),
        ("alias:bitnami", "a name that somebody's own Helm knows"),
        ("ftp://listed.example.com", "write oci://, https:// or file://"),
        ("listed.example.com/charts", "write oci://, https:// or file://"),
        ("https://listed.example.com:port", "which is no address"),
        ("https://[::1", "which is no address"),
    ],
)
def test_other_addresses_are_refused_with_what_to_do(address: str, problem: str) -> None:
    """The setting is named, and no secret is repeated."""
    with pytest.raises(Permanent) as refused:
        hosts("listed.example.com:443").check("delivery", address)

    assert problem in str(refused.value)
    assert "secret" not in str(refused.value)
    assert not refused.value.ours


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "127.0.0.1", "127.8.9.1", "[::1]", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.169.254]", "[::ffff:127.0.0.1]",
     "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[::]", "224.0.0.1", "metadata.example.com"],
)  # fmt: skip
def test_attack_this_machine_and_its_platform_are_never_asked(host: str) -> None:
    """However the address is written, and wherever a name leads; not even where all hosts are listed."""
    known = {"metadata.example.com": ("93.184.216.34", "169.254.169.254")}

    with pytest.raises(Permanent, match="an address of this machine or of its platform"):
        hosts("*", host.strip("[]"), known=known).check("delivery", f"http://{host}/metadata?x=")


def test_on_one_machine_its_own_registry_is_asked() -> None:
    """But not the platform that it may run on."""
    near = hosts(near=True, known={"localhost": ("127.0.0.1", "::1")})
    near.check("delivery", "oci://127.0.0.1:5000/charts")
    near.check("delivery", "oci://localhost:5000/charts")

    with pytest.raises(Permanent):
        near.check("delivery", "http://169.254.169.254/")


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A chart repository whose charts lie elsewhere, and what it was asked for."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            body = b"apiVersion: v1\nentries:\n  common:\n  - {name: common, version: 1.0.0, urls: ['http://169.254.169.254/common.tgz']}\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}", paths
        server.shutdown()
        thread.join()


def depending(folder: Path, repository: str) -> Path:
    """The sample's package, its library somewhere else."""
    chart = folder / "package/Chart.yaml"
    chart.write_text(chart.read_text().replace("file://../common", repository))
    return folder / "package"


def test_attack_an_index_leads_nowhere_else(
    charts: HelmCharts, folder: Path, tmp_path: Path, asked: tuple[str, list[str]]
) -> None:
    """Where it says that its charts are is checked like the repository itself."""
    host, paths = asked

    with pytest.raises(Permanent, match=r"169\.254\.169\.254, an address of this machine or of its platform"):
        charts.package(depending(folder, f"http://{host}"), version="1.0.0", app_version="v1", into=tmp_path)
    assert paths == ["/index.yaml"]


def test_attack_a_host_that_is_not_listed_is_not_asked(
    folder: Path, tmp_path: Path, asked: tuple[str, list[str]]
) -> None:
    """Not even for an index."""
    host, paths = asked

    with pytest.raises(Permanent, match="an address of this machine"):
        HelmCharts(hosts=Hosts()).package(
            depending(folder, f"http://{host}"), version="1.0.0", app_version="v1", into=tmp_path
        )
    assert paths == []


def test_a_host_that_nobody_knows_is_out_of_reach(folder: Path, tmp_path: Path) -> None:
    """It is worth another try."""
    charts = HelmCharts(hosts=hosts("charts.invalid"))

    with pytest.raises(Transient):
        charts.package(depending(folder, "https://charts.invalid/x"), version="1.0.0", app_version="v1", into=tmp_path)


def test_attack_a_dependency_in_other_letters_is_seen(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """Helm takes `Dependencies:` too; who reads the file for its authors would not."""
    chart = folder / "package/Chart.yaml"
    chart.write_text(chart.read_text().replace("dependencies:", "Dependencies:"))

    with pytest.raises(Permanent, match=r"Chart\.yaml holds Dependencies; write dependencies"):
        charts.package(folder / "package", version="1.0.0", app_version="v1", into=tmp_path)


@pytest.mark.parametrize("key", ["dependencies", "Dependencies"])
def test_attack_a_lock_leads_nowhere_else(charts: HelmCharts, folder: Path, tmp_path: Path, key: str) -> None:
    """Helm goes where the lock says; its digest is easily made to fit."""
    lock = f"{key}:\n- {{name: common, repository: 'http://169.254.169.254/', version: 1.0.0}}\ndigest: sha256:00\n"
    (folder / "package/Chart.lock").write_text(lock)

    with pytest.raises(Permanent, match=r"Chart\.lock of chart package does not fit Chart\.yaml"):
        charts.package(folder / "package", version="1.0.0", app_version="v1", into=tmp_path)


def test_attack_dependencies_of_the_older_kind_are_seen(folder: Path, tmp_path: Path) -> None:
    """requirements.yaml is read by Helm beside Chart.yaml."""
    (folder / "delivery/requirements.yaml").write_text(
        "dependencies:\n- {name: x, version: 1.0.0, repository: 'http://169.254.169.254/'}\n"
    )

    with pytest.raises(Permanent, match=r"http://169\.254\.169\.254, which is 169\.254\.169\.254"):
        HelmCharts(hosts=Hosts(listed=frozenset("*"))).package(
            folder / "delivery", version="1.0.0", app_version="v1", into=tmp_path
        )
