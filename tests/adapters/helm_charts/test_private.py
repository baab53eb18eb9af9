"""Dependencies in a registry that lets in only whom it knows: fetched by us, as the child that fetches is told no credential."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from infra.local.registry.server import RunningServer
from shared.adapters.helm_charts import HelmCharts, Hosts
from shared.adapters.oci_registry import OciRegistry
from shared.config import Settings
from shared.ports.errors import NotFound, Permanent
from shared.wiring import access_with
from tests.adapters.helm_charts.conftest import PUSHER, QA
from tests.support.acr import Acr, forwarding
from tests.support.registries import embedded_registry


def _fails(_: object) -> Any:
    pytest.fail("deploys")


def pushed(folder: Path, host: str, name: str, *versions: str, credential: Any = PUSHER) -> None:
    """Push a library of the sample under a name, in versions that say who they are."""
    registry = OciRegistry(lambda _: credential)
    for version in versions:
        library = folder / f"of-{version}" / name
        (library / "templates").mkdir(parents=True)
        (library / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\ntype: library\nversion: {version}\n")
        package = HelmCharts().package(library, version=version, app_version="v1", into=folder / "pushed")
        digest = registry.push_chart(host, f"helm/{name}", package)
        registry.tag(host, f"helm/{name}", digest, version.replace("+", "_"))


def depending(folder: Path, *dependencies: tuple[str, str, str]) -> Path:
    """A chart that depends on charts by name, version and repository."""
    listed = "".join(
        f"- {{name: {name}, version: '{version}', repository: '{place}'}}\n" for name, version, place in dependencies
    )
    chart = folder / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(f"apiVersion: v2\nname: chart\nversion: 0.0.0\ndependencies:\n{listed}")
    return chart


def held(chart: Path, guarded: tuple[str, Acr], *listed: str) -> set[str]:
    """Package it as the identity `qa`, and name the charts within by name and version."""
    host, _ = guarded
    # Whatever host would be shown it: who is asked at all is what is tried here.
    charts = HelmCharts(
        hosts=Hosts(listed=frozenset(listed or {host}), near=True), registries=OciRegistry(lambda _: QA)
    )
    package = charts.package(chart, version="1.0.0", app_version="v1", into=chart.parent / "out")
    assert (
        package.read_bytes()
        == charts.package(chart, version="1.0.0", app_version="v1", into=chart.parent / "again").read_bytes()
    )
    with tarfile.open(package) as archive:
        files = {one.name: archive.extractfile(one).read().decode() for one in archive}  # type: ignore[union-attr]
    descriptions = [text for name, text in files.items() if name.count("/") == 3 and name.endswith("/Chart.yaml")]
    return {
        " ".join(line.partition(": ")[2] for line in sorted(text.splitlines()) if line.startswith(("name", "version")))
        for text in descriptions
    }


def test_a_dependency_in_a_registry_of_ours_is_fetched_as_who_we_are(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """The registry sees the identity, and nobody without one gets anything."""
    host, registry = guarded
    pushed(tmp_path, host, "common", "1.0.0", "1.2.0+build.5")
    chart = depending(tmp_path, ("common", "1.0.0", f"oci://{host}/helm"))

    assert held(chart, guarded) == {"common 1.0.0"}
    assert registry.did("qa") == {("pull", "helm/common")}


def test_the_registry_of_the_installation_need_not_be_listed(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """It is where everything goes anyway."""
    host, registry = guarded
    pushed(tmp_path, host, "common", "1.0.0")
    chart = depending(tmp_path, ("common", "1.0.0", f"oci://{host}/helm"))
    own: Any = QA

    charts = access_with(Settings(work=tmp_path, registry=host), lambda charts: (_fails, _fails), own).charts

    assert charts.package(chart, version="1.0.0", app_version="v1", into=tmp_path / "out").exists()
    assert registry.did("qa") == {("pull", "helm/common")}


@pytest.mark.parametrize(
    ("constraint", "version"),
    [("^1.0.0", "1.10.0+b.1"), ("~1.0", "1.0.1"), (">=2.0.0-0", "2.0.0-rc.1"), ("1.x", "1.10.0+b.1")],
)
def test_of_a_range_the_newest_is_taken_as_helm_takes_it(
    guarded: tuple[str, Acr], tmp_path: Path, constraint: str, version: str
) -> None:
    """Where no lock says otherwise."""
    host, _ = guarded
    pushed(tmp_path, host, "common", "1.0.0", "1.0.1", "1.10.0+b.1", "1.9.0", "2.0.0-rc.1")

    assert held(depending(tmp_path, ("common", constraint, f"oci://{host}/helm")), guarded) == {f"common {version}"}


def test_a_lock_says_which_version(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """It is committed for that; a package of another version in charts/ gives way."""
    host, _ = guarded
    pushed(tmp_path, host, "common", "1.0.0", "1.2.0", "2.0.0")
    chart = depending(tmp_path, ("common", "^1.0.0", f"oci://{host}/helm"))
    (chart / "Chart.lock").write_text(
        f"dependencies:\n- {{name: common, repository: 'oci://{host}/helm', version: 1.0.0}}\n"
    )
    (chart / "charts").mkdir()
    (chart / "charts/common-2.0.0.tgz").write_bytes((tmp_path / "pushed/common-2.0.0.tgz").read_bytes())

    assert held(chart, guarded) == {"common 1.0.0"}


def test_a_lock_that_does_not_fit_is_refused_in_words(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """As where Helm fetches."""
    host, _ = guarded
    pushed(tmp_path, host, "common", "1.0.0", "2.0.0")
    chart = depending(tmp_path, ("common", "^1.0.0", f"oci://{host}/helm"))
    (chart / "Chart.lock").write_text(
        f"dependencies:\n- {{name: common, repository: 'oci://{host}/helm', version: 2.0.0}}\n"
    )

    with pytest.raises(Permanent, match="helm dependency update") as refused:
        held(chart, guarded)
    assert not refused.value.ours


def test_what_others_have_comes_from_them_as_before(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """A folder beside the chart, a registry that asks nobody, and ours, all in one chart."""
    host, registry = guarded
    pushed(tmp_path, host, "common", "1.0.0")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/Chart.yaml").write_text("apiVersion: v2\nname: beside\ntype: library\nversion: 3.0.0\n")
    with embedded_registry() as public:
        pushed(tmp_path / "public", public, "open", "1.0.0", "1.1.0", credential=None)
        chart = depending(
            tmp_path,
            ("open", "^1.0.0", f"oci://{public}/helm"),
            ("common", "1.0.0", f"oci://{host}/helm"),
            ("beside", "3.0.0", "file://../beside"),
        )

        assert held(chart, guarded) == {"open 1.1.0", "common 1.0.0", "beside 3.0.0"}
    assert {one.client_id for one in registry.accesses} == {"own", "qa"}


def test_what_is_not_there_is_the_charts_fault(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """Neither the version nor any in the range."""
    host, _ = guarded
    pushed(tmp_path, host, "common", "1.0.0")

    for number, version in enumerate(("1.0.9", ">=4")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(NotFound, match="is not in oci://") as refused:
            held(depending(folder, ("common", version, f"oci://{host}/helm")), guarded)
        assert not refused.value.ours


def test_what_the_identity_may_not_is_our_fault(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """Somebody gives it the right; the chart is not to blame."""
    host, registry = guarded
    pushed(tmp_path, host, "common", "1.0.0")
    registry.rights["qa"] = {("pull", "images/")}

    with pytest.raises(Permanent) as refused:
        held(depending(tmp_path, ("common", "1.0.0", f"oci://{host}/helm")), guarded)
    assert refused.value.ours


@pytest.mark.parametrize("listed", ["*", "elsewhere.example"])
def test_attack_a_host_that_nobody_listed_by_name_is_not_signed_in_at(
    guarded: tuple[str, Acr], tmp_path: Path, listed: str
) -> None:
    """Attack: a branch names a registry that takes what it is shown; where all hosts may be asked, they are as nobody."""
    host, registry = guarded
    pushed(tmp_path, host, "common", "1.0.0")

    with pytest.raises(Permanent, match="401"):
        held(depending(tmp_path, ("common", "1.0.0", f"oci://{host}/helm")), guarded, listed)
    assert registry.did("qa") == set()


def test_attack_the_credential_goes_to_no_other_host(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """Attack: by a redirect, as Azure's blobs lie elsewhere, or by who is said to give tokens."""
    host, registry = guarded
    pushed(tmp_path, host, "common", "1.0.0")
    package = (tmp_path / "pushed/common-1.0.0.tgz").read_bytes()
    digest = OciRegistry(lambda _: QA).digest_of(host, "helm/common", "1.0.0")
    assert digest
    shown: list[tuple[str, str | None, bytes]] = []
    behind = forwarding(host)

    @Request.application
    def elsewhere(request: Request) -> Response:
        shown.append((request.path, request.headers.get("Authorization"), request.get_data()))
        size = len(package)
        return Response(package, 206, {"Content-Range": f"bytes 0-{size - 1}/{size}"})

    @Request.application
    def front(request: Request) -> Response:
        if "/blobs/" in request.path and request.authorization:
            return Response(status=307, headers={"Location": f"http://localhost:{store.port}/blob"})
        answer = Response.from_app(behind, request.environ)
        asked = answer.headers.get("WWW-Authenticate", "")
        if asked:
            answer.headers["WWW-Authenticate"] = asked.replace(host, f"localhost:{store.port}", 1)
        return answer

    store, ours = RunningServer(elsewhere), RunningServer(front)
    try:
        chart = depending(tmp_path, ("common", "1.0.0", f"oci://127.0.0.1:{ours.port}/helm"))

        assert held(chart, (f"127.0.0.1:{ours.port}", registry)) == {"common 1.0.0"}
        HelmCharts(registries=OciRegistry(lambda _: QA)).pull(
            f"127.0.0.1:{ours.port}", "helm/common", digest, version="1.0.0", into=tmp_path / "pulled"
        )
    finally:
        ours.stop()
        store.stop()
    assert set(shown) == {("/blob", None, b"")}
