"""Dependencies are fetched through a gateway: where a listed host leads is checked like the host itself."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts, Hosts, gateway
from shared.adapters.helm_charts.gateway import Gateway
from shared.ports.errors import NotFound, Permanent, Transient
from tests.adapters.helm_charts.servers import serving
from tests.support.tree import ROOT

HERE = ("127.0.0.1",)
AWAY = ("93.184.216.34",)
INDEX = "apiVersion: v1\nentries:\n  common:\n  - {name: common, version: 1.0.0, urls: ['%s']}\n"
CONNECTS = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from shared.adapters.helm_child.network import connect_only
connect_only(int(sys.argv[2]), near=sys.argv[3] == "near")
for place in (("127.0.0.1", int(sys.argv[2])), ("127.0.0.1", int(sys.argv[4])), ("127.0.0.2", int(sys.argv[2])), ("::1", 9), ("192.0.2.1", 9)):
    try:
        socket.create_connection(place, 1).close()
        print("reached")
    except PermissionError:
        print("kept back")
    except OSError:
        print("not there")
"""


def named(port_of: str, name: str) -> str:
    """The address of a server by a name."""
    return f"{name}:{port_of.rpartition(':')[2]}"


def known(host: str) -> tuple[str, ...]:
    """Names that only this directory knows: `.here` is this machine, `.away` is not."""
    return HERE if host.endswith(".here") else AWAY if host.endswith(".away") else (host,)


NEAR = Hosts(near=True, look_up=known)


def fetched(hosts: Hosts, folder: Path, repository: str, outgoing: dict[str, str] | None = None) -> Path:
    """Package the sample's package, its library somewhere else."""
    chart = folder / "package/Chart.yaml"
    chart.write_text(chart.read_text().replace("file://../common", repository))
    return HelmCharts(hosts=hosts, outgoing=outgoing).package(
        folder / "package", version="1.0.0", app_version="v1", into=folder / "out"
    )


def test_a_dependency_comes_by_redirects_to_where_it_may(folder: Path) -> None:
    """By names that nobody else knows: what is connected to is what was looked up."""
    package = HelmCharts().package(folder / "common", version="1.0.0", app_version="v1", into=folder / "served")
    with (
        serving(package.read_bytes()) as files,
        serving(status=302, headers={"Location": f"http://{named(files.host, 'files.here')}/x.tgz"}) as moved,
        serving((INDEX % f"http://{named(moved.host, 'moved.here')}/common.tgz").encode()) as index,
    ):
        fetched(NEAR, folder, f"http://{named(index.host, 'index.here')}")

    assert files.paths == ["/x.tgz"]


def test_attack_dependencies_that_would_fill_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a repository sends counts, its index too; it is the chart's fault, which says how much may be fetched."""
    monkeypatch.setattr(gateway, "MOST_FETCHED", 2 << 20)
    index = (INDEX % "http://files.here/x.tgz").encode() + b"#" * (3 << 20)
    with serving(index) as server, pytest.raises(Permanent, match="more than 2 MiB would be fetched") as no:
        fetched(NEAR, folder, f"http://{named(server.host, 'index.here')}")

    assert not no.value.ours
    assert "dependencies of chart package" in str(no.value)


@pytest.mark.parametrize(
    ("status", "header", "scheme"),
    [
        (302, "Location: http://inner.away/secret", "http"),
        (307, "Location: https://inner.away/secret", "http"),
        (401, 'WWW-Authenticate: Bearer realm="http://inner.away/token",service="x"', "oci"),
        (401, 'WWW-Authenticate: Bearer realm="https://inner.away/token",service="x"', "oci"),
    ],
)
def test_attack_a_host_leads_to_none_that_is_not_listed(folder: Path, status: int, header: str, scheme: str) -> None:
    """Attack: by a redirect, or by who gives tokens."""
    name, _, text = header.partition(": ")
    with (
        serving(status=status, headers={name: text}) as server,
        pytest.raises(Permanent, match=r"SLIPWAY_CHART_HOSTS does not list inner\.away") as no,
    ):
        fetched(NEAR, folder, f"{scheme}://{server.host}/charts")

    assert not no.value.ours
    assert server.paths


@pytest.mark.parametrize("place", ["127.0.0.1", "localhost", "inner.here", "[::ffff:127.0.0.1]"])
def test_attack_a_listed_host_does_not_lead_to_this_machine(folder: Path, place: str) -> None:
    """Attack: Go would take no proxy for the first two. The machine's own proxy stands for a host that is elsewhere."""
    hosts = Hosts(listed=frozenset({"*"}), look_up=known)
    with (
        serving() as inner,
        serving(status=302, headers={"Location": f"http://{named(inner.host, place)}/secret"}) as proxy,
        pytest.raises(Permanent, match="an address of this machine or of its platform"),
    ):
        fetched(hosts, folder, "http://charts.away", {"HTTP_PROXY": f"http://{proxy.host}"})

    assert proxy.paths == ["http://charts.away/index.yaml"]
    assert inner.paths == []


def test_attack_a_name_that_moves_is_checked_where_it_is_asked(folder: Path) -> None:
    """Attack: a name that leads elsewhere when it is looked at, and here when it is asked."""
    answers = iter([AWAY])
    hosts = Hosts(listed=frozenset({"moves.example"}), look_up=lambda _: next(answers, HERE))
    with serving() as inner, pytest.raises(Permanent, match=r"127\.0\.0\.1, an address of this machine"):
        fetched(hosts, folder, f"http://{named(inner.host, 'moves.example')}")

    assert inner.paths == []


def test_attack_localhost_is_not_asked_whatever_it_is_said_to_be(folder: Path) -> None:
    """Attack: a directory that says that it is somewhere else."""
    hosts = Hosts(listed=frozenset({"localhost"}), look_up=lambda _: AWAY)
    with serving() as inner, pytest.raises(Permanent, match="an address of this machine"):
        fetched(hosts, folder, f"http://{named(inner.host, 'localhost')}")

    assert inner.paths == []


@pytest.mark.parametrize(("near", "others"), [("", "kept back"), ("near", "reached")])
def test_attack_a_process_is_kept_to_one_address(near: str, others: str) -> None:
    """Attack: whoever leads it, and by whatever library it connects."""
    with socket.create_server(("0.0.0.0", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [str(each.getsockname()[1]) for each in (one, other)]
        done = subprocess.run(
            [sys.executable, "-I", "-c", CONNECTS, str(ROOT), ports[0], near, ports[1]],
            capture_output=True,
            text=True,
            check=True,
        )

    found = done.stdout.split("\n")
    assert found[:3] == ["reached", others, others]
    assert found[3] == ("not there" if near else "kept back")
    assert found[4] == "kept back"


@pytest.fixture
def through() -> Iterator[Gateway]:
    """A gateway for what is here."""
    with Gateway("c", NEAR, {}).serving() as gateway:
        yield gateway


def said(port: int, asked: str) -> bytes:
    """What comes back until nobody says any more."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), 10) as stream:
        stream.sendall(asked.encode())
        while piece := stream.recv(65536):
            found += piece
    return found


def test_a_tunnel_leads_to_the_address_that_was_checked(through: Gateway) -> None:
    """Also what is said before it stands gets there."""
    with serving(b"inside") as server:
        place = named(server.host, "tls.here")
        found = said(through.port, f"CONNECT {place} HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\nConnection: close\r\n\r\n")

    assert found.startswith(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.0 200 OK")
    assert found.endswith(b"inside")
    assert through.trouble is None


@pytest.mark.parametrize(
    "asked", ["CONNECT inner.away:443", "GET http://inner.away/", "GET /relative", "GET file:///x"]
)
def test_attack_a_gateway_serves_nothing_else(through: Gateway, asked: str) -> None:
    """Attack: what it refuses is kept to be told."""
    assert said(through.port, f"{asked} HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403 ")
    assert isinstance(through.trouble, Permanent)


@pytest.mark.parametrize("asked", ["", "nonsense\r\n\r\n", "GET / HTTP/9\r\n\r\n"])
def test_attack_what_is_no_request_is_not_answered(through: Gateway, asked: str) -> None:
    """Attack: and harms nobody."""
    with socket.create_connection(("127.0.0.1", through.port), 10) as stream:
        stream.sendall(asked.encode())
        stream.shutdown(socket.SHUT_WR)
        assert stream.recv(10) == b""


def test_the_machines_own_proxy_is_asked_in_between() -> None:
    """With its name and password; not for what it is not used for."""
    with serving(b"proxied") as proxy, serving(b"direct") as direct:
        outgoing = {"https_proxy": f"http://ada:p%40ss@{proxy.host}", "HTTP_PROXY": proxy.host, "NO_PROXY": "near.here"}
        with Gateway("c", NEAR, outgoing).serving() as gateway:
            assert said(gateway.port, "GET http://far.here/x HTTP/1.1\r\n\r\n").endswith(b"proxied")
            place = named(direct.host, "near.here")
            assert said(gateway.port, f"GET http://{place}/x?y HTTP/1.1\r\n\r\n").endswith(b"direct")
            assert said(gateway.port, "CONNECT far.here:443 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403 ")

    assert proxy.paths == ["http://far.here/x"]
    assert direct.paths == ["/x?y"]
    assert isinstance(gateway.trouble, Transient)
    assert "the proxy says HTTP/1.0 501" in str(gateway.trouble)


def test_what_is_not_there_is_said_as_before(folder: Path) -> None:
    """The gateway changes no answer of those who may be asked."""
    with serving(status=404) as server, pytest.raises(NotFound):
        fetched(NEAR, folder, f"http://{named(server.host, 'charts.here')}")
