"""A copy is whole, whatever the registry says of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.manifest import OCI_INDEX, OCI_MANIFEST, digest_of
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent, Transient
from tests.support import registries
from tests.support.registries import answer_of, embedded_registry

App = Callable[..., Iterable[bytes]]
FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


def with_layer(host: str, layer: bytes, *, there: bool, size: int | None = None) -> Digest:
    """Push an image with a layer that names an address beside its digest."""
    digest = digest_of(layer)
    document = {"mediaType": FOREIGN, "digest": str(digest), "size": len(layer) if size is None else size}
    configuration = b"{}"
    with Connection(host, None) as connection:
        connection.upload("delivery", io.BytesIO(configuration))
        if there:
            connection.upload("delivery", io.BytesIO(layer))
    config = {"mediaType": "application/json", "digest": str(digest_of(configuration)), "size": len(configuration)}
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config,
        "layers": [{**document, "urls": ["https://example.com/layer"]}],
    }
    return registries.put(host, "delivery", "v1.0.0", json.dumps(manifest).encode(), OCI_MANIFEST)


def has_blob(host: str, repository: str, content: bytes) -> bool:
    """Whether a blob of this content lies in a repository."""
    with Connection(host, None) as connection:
        return connection.has_blob(repository, digest_of(content))


def test_a_layer_that_may_be_fetched_elsewhere_is_copied_where_it_lies_in_the_source() -> None:
    """A cluster that reaches production's repository alone pulls it from there."""
    with embedded_registry() as host:
        digest = with_layer(host, b"windows", there=True)

        OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        assert has_blob(host, "prod/delivery", b"windows")


def test_a_layer_that_lies_elsewhere_alone_is_left_there() -> None:
    """Nothing is fetched from an address that a manifest names."""
    with embedded_registry() as host:
        digest = with_layer(host, b"windows", there=False)

        report = OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        assert (report.copied, has_blob(host, "prod/delivery", b"windows")) == (True, False)


@pytest.mark.parametrize("part", ["/blobs/", "/manifests/sha256:"])
def test_what_a_registry_took_and_does_not_hold_is_no_copy(tmp_path: Path, part: str) -> None:
    """It is looked for before the tag is put, so that no tag ever names half an image."""

    def forgetful(app: App) -> App:
        def answered(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            path = f"/v2/prod/delivery{part}"
            lost = environ["REQUEST_METHOD"] == "HEAD" and path in environ["PATH_INFO"]
            return Response(status=404)(environ, start) if lost else app(environ, start)

        return answered

    with embedded_registry(wrap=forgetful) as host:
        digest = registries.push_index(host, "delivery", "v1.0.0", tmp_path)

        with pytest.raises(Transient, match=r"prod/delivery took sha256:.* and does not hold it"):
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        assert OciRegistry().digest_of(host, "prod/delivery", "v1.0.0") is None


def test_what_a_clean_up_took_from_under_a_tag_is_brought_again(tmp_path: Path) -> None:
    """The tag is not written a second time: it may be immutable."""
    writes: list[str] = []

    def watched(app: App) -> App:
        def seen(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] == "PUT":
                writes.append(environ["PATH_INFO"])
            return app(environ, start)

        return seen

    with embedded_registry(tmp_path / "registry", wrap=watched) as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)
        OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")
        for link in (tmp_path / "registry/repositories/prod/delivery/_blobs").iterdir():
            link.unlink()
        writes.clear()

        again = OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        assert again.copied
        assert writes == [f"/v2/prod/delivery/manifests/{digest}"]
        assert not OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0").copied


def test_attack_an_index_of_indexes_without_end(tmp_path: Path) -> None:
    """A chain of them ends in words, and copies nothing under the tag."""
    with embedded_registry() as host:
        digest = registries.push_image(host, "delivery", "v0", tmp_path)
        for number in range(12):
            child = {"mediaType": OCI_INDEX, "digest": str(digest), "size": 1}
            content = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child], "n": number})
            digest = registries.put(host, "delivery", "v1.0.0", content.encode(), OCI_INDEX)

        with pytest.raises(Permanent, match="indexes deep"):
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")


def test_an_image_of_dockers_first_format_is_refused_rather_than_copied_without_layers() -> None:
    """Its layers stand under another name than every other manifest's."""
    with embedded_registry() as host:
        content = b'{"schemaVersion": 1, "fsLayers": [{"blobSum": "sha256:0"}]}'
        digest = registries.put(host, "delivery", "v1.0.0", content, OCI_MANIFEST)

        with pytest.raises(Permanent, match="first format"):
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")


def test_a_blob_that_is_longer_than_promised_is_not_streamed_to_its_end() -> None:
    """Whoever sends has no say in how long we listen."""

    def without_mounts(app: App) -> App:
        def around(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            if "mount" in Request(environ).args:
                environ["QUERY_STRING"] = ""
            return answer_of(app, environ, start)

        return around

    with embedded_registry(wrap=without_mounts) as host:
        digest = with_layer(host, b"windows" * 1000, there=True, size=100)

        with pytest.raises(Transient, match="more bytes come than"):
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")
