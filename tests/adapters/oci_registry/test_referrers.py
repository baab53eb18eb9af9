"""Signatures and SBOMs come along with all that is copied, to a bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Response

from shared.adapters.oci_registry import OciRegistry, copying
from shared.adapters.oci_registry.connection import Connection
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent
from tests.support import registries
from tests.support.registries import RequestLog, embedded_registry

App = Callable[..., Iterable[bytes]]
VERSION = "v1.0.0"


def cosign(subject: Digest, suffix: str) -> str:
    """Cosign's tag for a digest."""
    return str(subject).replace(":", "-") + suffix


def platforms(host: str, index: Digest) -> list[Digest]:
    """What an index is made of."""
    with Connection(host, None) as connection:
        return [one.digest for one in connection.manifest("delivery", str(index)).children()]


def chain(host: str, subject: Digest, length: int) -> list[Digest]:
    """Push a signature, a signature of it, and so on."""
    found = [subject]
    for _ in range(length):
        found.append(registries.push_referrer(host, "delivery", found[-1]))
    return found[1:]


def copied(host: str, *digests: Digest) -> list[bool]:
    """Whether each lies in production's repository."""
    return [OciRegistry().has(host, "prod/delivery", one) for one in digests]


def no_referrers(app: App) -> App:
    """A registry without the referrers API."""

    def answered(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        asked = "/referrers/" in environ["PATH_INFO"]
        return Response(status=404)(environ, start) if asked else app(environ, start)

    return answered


def takes_tags_for_digests(app: App) -> App:
    """One that answers the fallback tag with the digest that it is made of, as GitLab's does."""

    def answered(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        tag = re.fullmatch("(/v2/.+/manifests/)sha256-([0-9a-f]{64})", environ["PATH_INFO"])
        if tag and environ["REQUEST_METHOD"] != "PUT":
            environ["PATH_INFO"] = f"{tag[1]}sha256:{tag[2]}"
        return app(environ, start)

    return no_referrers(answered)


def test_what_refers_to_a_platform_of_an_index_comes_along(tmp_path: Path) -> None:
    """A cluster verifies the manifest that it runs."""
    with embedded_registry() as host:
        index = registries.push_index(host, "delivery", VERSION, tmp_path)
        first, second = platforms(host, index)
        listed = registries.push_referrer(host, "delivery", first)
        tagged = registries.push_referrer(host, "delivery", second, cosign(second, ".att"))

        report = OciRegistry().copy(host, "delivery", "prod/delivery", index, VERSION)

        assert copied(host, listed, tagged) == [True, True]
        assert OciRegistry().digest_of(host, "prod/delivery", cosign(second, ".att")) == tagged
        assert report.referrers == 3  # the one that has a tag of cosign's is listed, too


@pytest.mark.parametrize("suffix", [".sig", ".att", ".sbom"])
def test_the_signature_of_an_sbom_comes_along(tmp_path: Path, suffix: str) -> None:
    """By the API and by a tag of cosign's."""
    with embedded_registry() as host:
        digest = registries.push_image(host, "delivery", VERSION, tmp_path)
        sbom, listed = chain(host, digest, 2)
        tagged = registries.push_image(host, "delivery", cosign(sbom, suffix), tmp_path, content=b"signed\n")

        OciRegistry().copy(host, "delivery", "prod/delivery", digest, VERSION)

        assert copied(host, sbom, listed, tagged) == [True, True, True]


def test_without_a_referrers_api_the_fallback_tags_are_copied(tmp_path: Path) -> None:
    """Clients keep an index under a tag made of the digest, for signatures of an SBOM as well; the API is asked for once."""
    log = RequestLog()
    with embedded_registry(wrap=lambda app: log.around(no_referrers(app))) as host:
        digest = registries.push_image(host, "delivery", VERSION, tmp_path)
        sbom, signature = chain(host, digest, 2)
        outer = registries.push_fallback(host, "delivery", digest, sbom)
        inner = registries.push_fallback(host, "delivery", sbom, signature)

        OciRegistry().copy(host, "delivery", "prod/delivery", digest, VERSION)

        assert OciRegistry().digest_of(host, "prod/delivery", cosign(digest, "")) == outer
        assert OciRegistry().digest_of(host, "prod/delivery", cosign(sbom, "")) == inner
        assert copied(host, sbom, signature) == [True, True]
    assert len([one for one in log.exchanges if "/referrers/" in one.path]) == 1


def test_a_fallback_tag_that_is_answered_with_the_image_itself_is_none(tmp_path: Path) -> None:
    """Of an index and of its platforms; nothing is tagged but the version."""
    with embedded_registry(wrap=takes_tags_for_digests) as host:
        index = registries.push_index(host, "delivery", VERSION, tmp_path)

        report = OciRegistry().copy(host, "delivery", "prod/delivery", index, VERSION)

        assert OciRegistry().tags(host, "prod/delivery") == [VERSION]
        assert report.referrers == 0


def test_a_fallback_tag_that_names_no_index_is_none(tmp_path: Path) -> None:
    """Somebody's own tag looks like one."""
    with embedded_registry(wrap=no_referrers) as host:
        digest = registries.push_image(host, "delivery", VERSION, tmp_path)
        registries.push_image(host, "delivery", cosign(digest, ""), tmp_path, content=b"other\n")

        OciRegistry().copy(host, "delivery", "prod/delivery", digest, VERSION)

        assert OciRegistry().tags(host, "prod/delivery") == [VERSION]


def test_signatures_that_lead_back_to_the_image_are_copied_once(tmp_path: Path) -> None:
    """Tags can lead in a circle, as digests cannot."""
    with embedded_registry() as host:
        digest = registries.push_image(host, "delivery", VERSION, tmp_path)
        other = registries.push_image(host, "delivery", cosign(digest, ".sig"), tmp_path, content=b"other\n")
        registries.tagged(host, "delivery", cosign(other, ".sig"), digest)

        report = OciRegistry().copy(host, "delivery", "prod/delivery", digest, VERSION)

        assert report.referrers == 2


def test_attack_a_chain_of_signatures_without_end(tmp_path: Path) -> None:
    """It ends in words, and copies nothing under the tag; a shorter one is copied whole."""
    with embedded_registry() as host:
        digest = registries.push_image(host, "delivery", VERSION, tmp_path)
        found = chain(host, digest, 4)
        OciRegistry().copy(host, "delivery", "prod/delivery", digest, VERSION)
        chain(host, found[-1], 8)

        with pytest.raises(Permanent, match="ends a chain of 5 signatures"):
            OciRegistry().copy(host, "delivery", "test/delivery", digest, VERSION)

        assert copied(host, *found) == [True] * 4
        assert OciRegistry().digest_of(host, "test/delivery", VERSION) is None


def test_attack_more_signatures_than_anybody_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may sign has no say in how long a copy takes."""
    monkeypatch.setattr(copying, "_MOST_MANIFESTS", 8)
    with embedded_registry() as host:
        digest = registries.push_index(host, "delivery", VERSION, tmp_path, ("amd64", "arm64", "riscv64", "s390x"))
        for platform in platforms(host, digest):
            registries.push_referrer(host, "delivery", platform)

        with pytest.raises(Permanent, match="more than 8 manifests"):
            OciRegistry().copy(host, "delivery", "prod/delivery", digest, VERSION)

        assert OciRegistry().digest_of(host, "prod/delivery", VERSION) is None
