"""What every registry does for us, through the port: the embedded one and CNCF distribution."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.describing import MOST_PLATFORMS
from shared.adapters.oci_registry.manifest import OCI_INDEX, OCI_MANIFEST, canonical
from shared.domain.values.names import Digest
from shared.ports.errors import NotFound, Permanent
from shared.ports.registry import USER_LABEL, USER_UNKNOWN, CopyReport, TagTaken
from tests.support import registries

ABSENT = Digest("sha256:" + "0" * 64)


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("distribution", marks=pytest.mark.real("docker-registry"))],
)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    start = registries.embedded_registry if request.param == "embedded" else registries.distribution_registry
    with start() as host:
        yield host


@pytest.fixture
def registry() -> OciRegistry:
    return OciRegistry()


@pytest.fixture
def repository(request: pytest.FixtureRequest) -> str:
    """A repository of the test's own."""
    return str(request.node.originalname).removeprefix("test_").replace("_", "-")


def test_a_tag_that_nobody_pushed_names_nothing(server: str, registry: OciRegistry, repository: str) -> None:
    """Neither an absent tag nor an absent repository is an error."""
    assert registry.digest_of(server, repository, "v1.0.0") is None
    assert registry.tags(server, repository) == []
    assert not registry.has(server, repository, ABSENT)


def test_a_pushed_image_is_found_by_tag_and_by_digest(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """The digest that a push returns is what the tag names afterwards."""
    digest = registries.push_image(server, repository, "v1.0.0", tmp_path)

    assert registry.digest_of(server, repository, "v1.0.0") == digest
    assert registry.has(server, repository, digest)
    assert registry.tags(server, repository) == ["v1.0.0"]


def test_pushing_the_same_content_again_changes_nothing(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """The same layer and configuration give the same digest, so a repeated build step is harmless."""
    first = registries.push_image(server, repository, "v1.0.0", tmp_path)

    assert registries.push_image(server, repository, "v1.0.0", tmp_path) == first


def test_tagging_does_not_overwrite_a_tag_with_other_content(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """The refusal names both digests, and the tag stays."""
    first = registries.push_image(server, repository, "v1.0.0", tmp_path)

    with pytest.raises(TagTaken) as refusal:
        registries.push_image(server, repository, "v1.0.0", tmp_path, content=b"other\n")

    assert refusal.value.found == first
    assert refusal.value.expected != first
    assert registry.digest_of(server, repository, "v1.0.0") == first


def test_a_layer_that_is_not_whole_is_refused(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """Nothing is pushed from a gzip file that was cut short."""
    layer = registries.a_layer(tmp_path)
    layer.write_bytes(layer.read_bytes()[:-4])

    with pytest.raises(Permanent, match="not a whole gzip"):
        registry.push_image(server, repository, layer, {})


def test_an_image_tells_its_labels_and_its_user(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """Gates see whether it runs as root."""
    digest = registries.push_image(server, repository, "v1.0.0", tmp_path)

    found = registry.describe(server, repository, digest)

    assert (found.users, found.labels, found.is_chart) == ((("", "10001"),), {"team": "shipping"}, False)
    assert found.size > registries.a_layer(tmp_path).stat().st_size


def test_an_index_is_described_by_its_first_platform(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """Its platforms are listed."""
    digest = registries.push_index(server, repository, "v1.0.0", tmp_path)

    found = registry.describe(server, repository, digest)

    assert found.platforms == ("linux/amd64", "linux/arm64")
    assert found.labels == {"arch": "amd64"}
    assert (found.names[0], len(found.names)) == (digest, 5)  # with a manifest and a configuration of each
    assert registry.has(server, repository, found.names[1])


def test_attack_every_platform_of_an_index_says_whom_it_runs_as(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """Attack: the first platform is harmless, and the one that the cluster has runs as root. Unknown is none of both."""
    configs: dict[str, dict[str, object]] = {
        "arm64": {"User": ""},
        "s390x": {"Labels": {USER_LABEL: USER_UNKNOWN}},
        "arm": {"User": "root:root"},
    }
    architectures = ("amd64", *configs)
    digest = registries.push_index(server, repository, "v1.0.0", tmp_path, architectures, configs)

    found = registry.describe(server, repository, digest)

    assert found.users == (("linux/amd64", "10001"), ("linux/arm64", ""), ("linux/arm", "root:root"))


def test_attack_more_platforms_than_are_looked_at_are_refused(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """Attack: an index of thousands, each of which costs two requests; none is read then."""
    image = registries.push_image(server, repository, "v1.0.0", tmp_path)
    child = {"mediaType": OCI_MANIFEST, "digest": str(image), "size": 1}
    children = [{**child, "platform": {"os": "linux", "architecture": f"a{n}"}} for n in range(MOST_PLATFORMS + 1)]
    index = canonical({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children})

    with pytest.raises(Permanent, match="is for 21 platforms, of which 20 are looked at"):
        registry.describe(server, repository, registries.put(server, repository, "v1.0.1", index, OCI_INDEX))


def test_describing_what_is_not_there_says_so(server: str, registry: OciRegistry, repository: str) -> None:
    """NotFound tells an absent digest from a registry out of reach."""
    with pytest.raises(NotFound, match="404"):
        registry.describe(server, repository, ABSENT)


def test_a_copy_keeps_the_digests_of_all_platforms_and_downloads_no_layer(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """Index, children and blobs arrive; what came through us is less than the manifests' few kilobytes."""
    digest = registries.push_index(server, repository, "v1.0.0", tmp_path)
    target = f"prod/{repository}"

    report = registry.copy(server, repository, target, digest, "v1.0.0")

    assert (report.copied, report.manifests, report.blobs_mounted, report.blobs_streamed) == (True, 3, 4, 0)
    assert 0 < report.bytes_downloaded < 5000
    assert registry.digest_of(server, target, "v1.0.0") == digest
    assert registry.describe(server, target, digest) == registry.describe(server, repository, digest)


def test_a_second_copy_does_nothing(server: str, registry: OciRegistry, repository: str, tmp_path: Path) -> None:
    """A tag that holds the digest already is success."""
    digest = registries.push_index(server, repository, "v1.0.0", tmp_path)
    registry.copy(server, repository, f"prod/{repository}", digest, "v1.0.0")

    again = registry.copy(server, repository, f"prod/{repository}", digest, "v1.0.0")

    assert again == CopyReport(digest=digest, copied=False)


def test_a_copy_does_not_overwrite_a_tag_that_holds_another_digest(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """Nothing of it arrives, not even without a tag."""
    target = f"prod/{repository}"
    there = registries.push_image(server, target, "v1.0.0", tmp_path, content=b"there\n")
    digest = registries.push_index(server, repository, "v1.0.0", tmp_path)

    with pytest.raises(TagTaken) as refusal:
        registry.copy(server, repository, target, digest, "v1.0.0")

    assert (refusal.value.expected, refusal.value.found) == (digest, there)
    assert registry.digest_of(server, target, "v1.0.0") == there
    assert not registry.has(server, target, digest)


def test_copying_what_the_source_lacks_says_so(
    server: str, registry: OciRegistry, repository: str, tmp_path: Path
) -> None:
    """The tag is not written."""
    registries.push_image(server, repository, "v1.0.0", tmp_path)

    with pytest.raises(NotFound):
        registry.copy(server, repository, f"prod/{repository}", ABSENT, "v1.0.0")

    assert registry.digest_of(server, f"prod/{repository}", "v1.0.0") is None


def test_signatures_by_tag_come_along(server: str, registry: OciRegistry, repository: str, tmp_path: Path) -> None:
    """Cosign keeps them under a tag made of the digest."""
    digest = registries.push_image(server, repository, "v1.0.0", tmp_path)
    tag = str(digest).replace(":", "-") + ".sig"
    signature = registries.push_referrer(server, repository, digest, tag)

    report = registry.copy(server, repository, f"prod/{repository}", digest, "v1.0.0")

    assert report.referrers >= 1
    assert registry.digest_of(server, f"prod/{repository}", tag) == signature
