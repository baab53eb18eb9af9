"""Pushing by digest and tagging afterwards, at every registry: the embedded one and CNCF distribution."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import helm_python as helm
import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.manifest import digest_of
from shared.domain.values.names import Digest
from shared.ports.errors import NotFound, Permanent
from shared.ports.registry import HELM_CONFIG, TagTaken
from tests.support import registries
from tests.support.immutable_tags import REFUSALS, ImmutableTags
from tests.support.tree import ROOT

ABSENT = Digest("sha256:" + "0" * 64)
CHARTS = ROOT / "infra/samples/monorepo/charts"


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("distribution", marks=pytest.mark.real("docker-registry"))],
)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    start = registries.embedded_registry if request.param == "embedded" else registries.distribution_registry
    with start() as host:
        yield host


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's chart of delivery, packaged."""
    folder = tmp_path_factory.mktemp("charts")
    shutil.copytree(CHARTS, folder / "charts")
    return HelmCharts().package(folder / "charts/delivery", version="1.0.2", app_version="v1.0.2", into=folder)


@pytest.fixture
def registry() -> OciRegistry:
    return OciRegistry()


@pytest.fixture
def repository() -> str:
    """A chart repository that no other test uses."""
    return f"charts-{uuid4().hex}/delivery"


def test_what_is_pushed_has_no_tag(
    server: str, registry: OciRegistry, repository: str, package: Path, tmp_path: Path
) -> None:
    """The version's name comes last."""
    image = registry.push_image(server, repository, registries.a_layer(tmp_path), {})
    chart = registry.push_chart(server, repository, package)

    assert registry.has(server, repository, image)
    assert registry.has(server, repository, chart)
    assert registry.tags(server, repository) == []


def test_the_same_package_gives_the_same_digest(
    server: str, registry: OciRegistry, repository: str, package: Path, tmp_path: Path
) -> None:
    """Whenever it was written, and wherever it is pushed."""
    first = registry.push_chart(server, repository, package)
    copy = tmp_path / package.name
    copy.write_bytes(package.read_bytes())

    assert registry.push_chart(server, repository, copy) == first
    assert registry.push_chart(server, f"elsewhere/{repository}", copy) == first


def test_a_chart_is_what_helm_makes_of_one(server: str, registry: OciRegistry, repository: str, package: Path) -> None:
    """Its metadata as configuration, the package as the only layer, no note of the time."""
    digest = registry.push_chart(server, repository, package)
    with Connection(server, None) as connection:
        manifest = connection.manifest(repository, str(digest))
        config = manifest.config()
        assert config is not None
        said = connection.small_blob(repository, config.digest)

    assert registry.describe(server, repository, digest).is_chart
    assert config.media_type == HELM_CONFIG
    assert [blob.media_type for blob in manifest.blobs()][1:] == ["application/vnd.cncf.helm.chart.content.v1.tar+gzip"]
    assert b'"appVersion":"v1.0.2"' in said
    assert b"annotations" not in manifest.content


@pytest.mark.parametrize("by_tag", [True, False], ids=["by tag", "by digest"])
def test_helm_pulls_what_was_pushed_and_tagged(
    server: str, registry: OciRegistry, repository: str, package: Path, tmp_path: Path, by_tag: bool
) -> None:
    """Helm itself, byte for byte."""
    digest = registry.push_chart(server, repository, package)
    registry.tag(server, repository, digest, "1.0.2")
    with helm.RegistryClient(plain_http=True) as client:
        name = f"oci://{server}/{repository}" + (":1.0.2" if by_tag else f"@{digest}")
        client.pull(name, destination=str(tmp_path), plain_http=True)

    [pulled] = tmp_path.glob("*.tgz")
    assert pulled.read_bytes() == package.read_bytes()


def test_helm_resolves_the_tag_to_the_digest(
    server: str, registry: OciRegistry, repository: str, package: Path
) -> None:
    """As what Helm would have pushed."""
    digest = registry.push_chart(server, repository, package)
    registry.tag(server, repository, digest, "1.0.2")
    with helm.RegistryClient(plain_http=True) as client:
        found = client.resolve(f"oci://{server}/{repository}:1.0.2")["digest"]

    assert found == str(digest)


def test_a_chart_of_another_name_is_refused_before_anything_is_pushed(
    server: str, registry: OciRegistry, package: Path
) -> None:
    """Helm pulls a chart by its repository's last part."""
    with pytest.raises(Permanent, match="must end in the chart's name; name the chart parcels") as refused:
        registry.push_chart(server, "charts/parcels", package)

    assert not refused.value.ours
    with Connection(server, None) as connection:
        assert not connection.has_blob("charts/parcels", digest_of(package.read_bytes()))


@pytest.mark.parametrize("content", [b"", b"no archive", None], ids=["empty", "no archive", "cut short"])
def test_what_is_no_package_is_refused(
    server: str, registry: OciRegistry, repository: str, package: Path, tmp_path: Path, content: bytes | None
) -> None:
    """The file is named."""
    broken = tmp_path / "delivery-1.0.2.tgz"
    broken.write_bytes(package.read_bytes()[:100] if content is None else content)

    with pytest.raises(Permanent, match=r"delivery-1\.0\.2\.tgz is no Helm package"):
        registry.push_chart(server, repository, broken)


def test_tagging_twice_is_harmless(server: str, registry: OciRegistry, repository: str, tmp_path: Path) -> None:
    """Whoever finds their own tag has nothing to do."""
    digest = registry.push_image(server, repository, registries.a_layer(tmp_path), {})
    registry.tag(server, repository, digest, "v1.0.2")
    registry.tag(server, repository, digest, "v1.0.2")

    assert registry.digest_of(server, repository, "v1.0.2") == digest
    assert registry.tags(server, repository) == ["v1.0.2"]


def test_attack_a_tag_that_names_something_else_stays(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """The refusal names both digests."""
    first = registry.push_image(server, repository, registries.a_layer(tmp_path), {})
    other = registry.push_image(server, repository, registries.a_layer(tmp_path, b"other\n"), {})
    registry.tag(server, repository, first, "v1.0.2")

    with pytest.raises(TagTaken) as refused:
        registry.tag(server, repository, other, "v1.0.2")

    assert (refused.value.expected, refused.value.found) == (other, first)
    assert registry.digest_of(server, repository, "v1.0.2") == first


def test_what_is_gone_cannot_be_tagged(server: str, registry: OciRegistry, repository: str, tmp_path: Path) -> None:
    """A clean-up took it, or it never was there."""
    registry.push_image(server, repository, registries.a_layer(tmp_path), {})

    with pytest.raises(NotFound):
        registry.tag(server, repository, ABSENT, "v1.0.2")
    assert registry.tags(server, repository) == []


@pytest.mark.parametrize(("status", "code"), REFUSALS)
@pytest.mark.parametrize("raced", [False, True], ids=["alone", "raced"])
def test_a_registry_with_immutable_tags_is_tagged_once(
    registry: OciRegistry, tmp_path: Path, status: int, code: str, raced: bool
) -> None:
    """A tag that is ours already is done, also where another writer of ours was faster by a moment."""
    tags = ImmutableTags(status, code, raced=raced)
    with registries.embedded_registry(wrap=tags.around) as host:
        digest = registry.push_image(host, "delivery", registries.a_layer(tmp_path), {})
        registry.tag(host, "delivery", digest, "v1.0.2")
        registry.tag(host, "delivery", digest, "v1.0.2")

        assert registry.digest_of(host, "delivery", "v1.0.2") == digest
    assert tags.refused == (["delivery:v1.0.2"] if raced else [])


def test_a_refusal_that_left_no_tag_is_passed_on(registry: OciRegistry, tmp_path: Path) -> None:
    """What the registry says is the reason, and nobody is said to have put the tag."""
    with registries.embedded_registry(wrap=ImmutableTags(405, "UNSUPPORTED", locked=True).around) as host:
        digest = registry.push_image(host, "delivery", registries.a_layer(tmp_path), {})
        with pytest.raises(Permanent, match="UNSUPPORTED: the tag cannot be put again") as refused:
            registry.tag(host, "delivery", digest, "v1.0.2")

    assert not isinstance(refused.value, TagTaken)
