"""Copies as the registry sees them: which requests, and what happens where one goes another way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request

from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.connection import Connection
from shared.ports.errors import Transient
from shared.ports.registry import TagTaken
from tests.support import registries
from tests.support.registries import RequestLog, embedded_registry

App = Callable[..., Iterable[bytes]]


def test_a_copy_of_two_platforms_moves_a_few_kilobytes_in_few_requests(tmp_path: Path) -> None:
    """No blob is downloaded or uploaded, whatever the layers weigh."""
    log = RequestLog()
    with embedded_registry(wrap=log.around) as host:
        digest = registries.push_index(host, "delivery", "v1.0.0", tmp_path)
        log.exchanges.clear()

        OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

    assert log.blobs_sent() == []
    assert all("/blobs/" not in one.path or "mount=" in one.query or one.method == "HEAD" for one in log.exchanges)
    assert sum(one.received + one.sent for one in log.exchanges if one.method != "HEAD") < 5000
    # The tag, three manifests read, a mount and a look for each of four blobs, a write and a look for two platforms, the
    # tag written and read back; and for each of three manifests its referrers, and three tags of cosign's.
    assert len(log.exchanges) == 1 + 3 + 2 * 4 + 2 * 2 + 2 + 3 * 4


def test_the_tag_is_written_after_everything_it_leads_to(tmp_path: Path) -> None:
    """Whoever sees the tag can pull, and verify the signature."""
    log = RequestLog()
    with embedded_registry(wrap=log.around) as host:
        digest = registries.push_index(host, "delivery", "v1.0.0", tmp_path)
        registries.push_referrer(host, "delivery", digest)
        log.exchanges.clear()

        OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

    writes = [one.path for one in log.exchanges if one.method in {"POST", "PUT"}]
    assert writes[-1] == "/v2/prod/delivery/manifests/v1.0.0"


def test_signatures_that_refer_to_the_digest_come_along(tmp_path: Path) -> None:
    """The target's referrers API lists them."""
    with embedded_registry() as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)
        signature = registries.push_referrer(host, "delivery", digest)

        report = OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        with Connection(host, None) as connection:
            assert connection.referrers("prod/delivery", digest) == [signature]
        assert report.referrers == 1


def test_a_signature_made_in_the_target_stays(tmp_path: Path) -> None:
    """Its tag is not replaced by the source's."""
    with embedded_registry() as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)
        tag = str(digest).replace(":", "-") + ".sig"
        registries.push_referrer(host, "delivery", digest, tag)
        theirs = registries.push_image(host, "prod/delivery", tag, tmp_path, content=b"theirs\n")

        OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        assert OciRegistry().digest_of(host, "prod/delivery", tag) == theirs


def test_a_refused_mount_is_made_up_for_by_streaming(tmp_path: Path) -> None:
    """A registry may answer a mount with an upload; the copy is then slower and no less right."""
    with embedded_registry(wrap=_without_mounts) as host:
        content = bytes(range(256)) * 40_000
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path, content=content)

        report = OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        assert (report.blobs_mounted, report.blobs_streamed) == (0, 2)
        assert OciRegistry().digest_of(host, "prod/delivery", "v1.0.0") == digest


def test_a_blob_of_several_pieces_is_streamed_whole(tmp_path: Path) -> None:
    """Pieces of a download do not fit those of an upload."""
    noise = b"".join(number.to_bytes(4, "big") * 3 for number in range(1, 900_000, 1))
    with embedded_registry(wrap=_without_mounts) as host:
        layer = tmp_path / "layer.tar.gz"
        layer.write_bytes(registries.stored_gzip(noise))
        digest = OciRegistry().push_image(host, "delivery", layer, {})

        report = OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        assert report.bytes_downloaded > 10_000_000
        assert OciRegistry().describe(host, "prod/delivery", digest).size > 10_000_000


def test_a_writer_that_was_faster_shows(tmp_path: Path) -> None:
    """The tag is read back, because the registry tells both writers that they succeeded."""
    other: list[Any] = []

    def racing(app: App) -> App:
        def raced(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            answer = registries.answer_of(app, environ, start)
            if environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].endswith("prod/delivery/manifests/v1.0.0"):
                tag = Path(tmp_path / "registry/repositories/prod/delivery/_tags/v1.0.0")
                tag.write_text(str(other[0]))
            return answer

        return raced

    with embedded_registry(tmp_path / "registry", wrap=racing) as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)
        other.append(registries.push_image(host, "prod/delivery", "v0.9.0", tmp_path, content=b"other\n"))

        with pytest.raises(TagTaken) as refusal:
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

    assert refusal.value.found == other[0]


def test_a_tag_that_vanishes_at_once_is_no_success(tmp_path: Path) -> None:
    """Somebody cleans up while we copy; the caller must know."""
    tag = tmp_path / "registry/repositories/prod/delivery/_tags/v1.0.0"

    def removing(app: App) -> App:
        def removed(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            answer = registries.answer_of(app, environ, start)
            tag.unlink(missing_ok=True)
            return answer

        return removed

    with embedded_registry(tmp_path / "registry", wrap=removing) as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)

        with pytest.raises(TagTaken, match="holds nothing") as refusal:
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

    assert (refusal.value.expected, refusal.value.found) == (digest, None)


def test_copies_of_many_tags_at_once_all_arrive(tmp_path: Path) -> None:
    """Services are promoted at the same time."""
    with embedded_registry() as host:
        digest = registries.push_index(host, "delivery", "v1.0.0", tmp_path)
        names = [f"prod{number}/delivery" for number in range(8)]
        threads = [
            threading.Thread(target=OciRegistry().copy, args=(host, "delivery", name, digest, "v1.0.0"))
            for name in names
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {OciRegistry().digest_of(host, name, "v1.0.0") for name in names} == {digest}


def test_content_that_is_not_what_its_digest_says_is_not_copied(tmp_path: Path) -> None:
    """A damaged manifest is worth another try, and nothing is written of it."""
    with embedded_registry(tmp_path / "registry") as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)
        hexadecimal = str(digest)[7:]
        stored = tmp_path / "registry/blobs/sha256" / hexadecimal[:2] / hexadecimal
        stored.write_bytes(stored.read_bytes() + b" ")

        with pytest.raises(Transient, match="came with the digest"):
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

        assert OciRegistry().digest_of(host, "prod/delivery", "v1.0.0") is None


def _without_mounts(app: App) -> App:
    def around(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if "mount" in Request(environ).args:
            environ["QUERY_STRING"] = ""
        return app(environ, start)

    return around
