"""One run's conversation with one registry.

The SDK signs in, follows redirects and moves blobs in pieces. Requests it has no public method for (HEAD of a manifest
without Azure's own API, raw manifests, mounts, referrers) go through its pipeline as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from shared.adapters.oci_registry.answers import RegistryAnswer, following, listed, path_of, read
from shared.adapters.oci_registry.faults import refused, reported
from shared.adapters.oci_registry.manifest import ACCEPTED, RawManifest, digest_of, is_manifest, json_object
from shared.adapters.oci_registry.policies import allow_http, plain_challenges, show_again, transport
from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import Digest
from shared.ports.errors import Damaged, NotFound, Permanent, Transient

if TYPE_CHECKING:
    from azure.containerregistry import ContainerRegistryClient, DownloadBlobStream
    from azure.core.credentials import TokenCredential

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_SMALL = 4 << 20
# A thousand tags a page; whoever has more pages sends the same ones again.
_MOST_PAGES = 1000
# Registries that know no referrers say so in different ways.
_KNOWS_NO_REFERRERS = frozenset({404, 405, 501})


class Connection:
    """Speaks the OCI distribution API; a new one for each run, because the SDK's never renews its token."""

    def __init__(self, registry: str, credential: TokenCredential | None) -> None:
        self.registry = registry
        self._base = base_url(registry)
        self._client = _client(self._base, credential)

    def __enter__(self) -> Connection:
        self._client.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)  # type: ignore[no-untyped-call]

    def digest_of(self, repository: str, reference: str) -> Digest | None:
        """What a tag or digest names here, None where absent."""
        path = _manifest(repository, reference)
        answer = self._send("HEAD", path, {"Accept": ACCEPTED}, ok={200, 404})
        if answer.status == 404:
            return None
        stated = answer.headers.get("Docker-Content-Digest")
        return self._digest(stated, path) if stated else self.manifest(repository, reference).digest

    def manifest(self, repository: str, reference: str) -> RawManifest:
        """Fetch a manifest's exact bytes; raise NotFound, or Damaged where they are not what was asked for."""
        answer = self._send("GET", _manifest(repository, reference), {"Accept": ACCEPTED}, ok={200})
        found = digest_of(answer.content)
        if reference.startswith("sha256:") and str(found) != reference:
            raise Damaged(f"{self.registry}/{repository}@{reference} came with the digest {found}")
        if not is_manifest(answer.content):
            # A proxy's own page, say, which would pass for an image that nobody pushed.
            raise Transient(f"{self.registry}/{repository}:{reference} is answered with no manifest, but {answer}")
        return RawManifest(digest=found, media_type=answer.media_type, content=answer.content)

    def found(self, repository: str, digest: Digest) -> RawManifest | None:
        """Fetch a manifest by its digest, None where the repository does not hold it."""
        try:
            return self.manifest(repository, str(digest))
        except NotFound:
            return None

    def put_manifest(self, repository: str, reference: str, manifest: RawManifest) -> None:
        """Store a manifest under a tag or its digest."""
        headers = {"Content-Type": manifest.media_type}
        answer = self._send("PUT", _manifest(repository, reference), headers, ok={201}, content=manifest.content)
        stored = answer.headers.get("Docker-Content-Digest", str(manifest.digest))
        if stored != str(manifest.digest):
            raise Permanent(f"{self.registry}/{repository} stored {manifest.digest} as {stored}", ours=True)

    def has_blob(self, repository: str, digest: Digest) -> bool:
        """Whether the repository holds the blob."""
        return self._send("HEAD", _blob(repository, digest), ok={200, 404}).status == 200

    def mount(self, repository: str, digest: Digest, *, source: str) -> bool:
        """Share another repository's blob; False where the registry would rather have it uploaded."""
        query = f"mount={quote(str(digest))}&from={quote(source, safe='')}"
        answer = self._send("POST", f"/v2/{quote(repository)}/blobs/uploads/?{query}", ok={201, 202})
        upload = answer.headers.get("Location")
        if answer.status == 202 and upload:
            # The refusal opened an upload that nobody needs; one that is left behind expires by itself.
            self._send("DELETE", upload, ok=range(200, 500))
        return answer.status == 201

    def small_blob(
        self, repository: str, digest: Digest, *, most: int = _MOST_SMALL, what: str = "configuration"
    ) -> bytes:
        """Fetch a configuration, or what else is small; raise Permanent where it is larger than any should be."""
        with (
            reported(f"GET {self.registry}/{repository}@{digest}"),
            self.download(repository, digest) as stream,
        ):
            content = bytearray()
            for piece in stream:
                content += piece
                if len(content) > most:
                    raise Permanent(f"{self.registry}/{repository}@{digest} is no {what}: over {most} bytes")
        return bytes(content)

    def download(self, repository: str, digest: Digest) -> DownloadBlobStream:
        """Open a blob of any size; what it raises is for `reported`."""
        return self._client.download_blob(repository, str(digest))

    def upload(self, repository: str, content: IO[bytes]) -> None:
        """Store a blob of any size, in pieces."""
        with reported(f"upload to {self.registry}/{repository}"):
            self._client.upload_blob(repository, content)

    def tags(self, repository: str) -> Sequence[str]:
        """Every tag, page by page; none where the repository does not exist."""
        pages = self._pages(f"/v2/{quote(repository)}/tags/list?n=1000", none={404})
        return [tag for page in pages for tag in listed(page, "tags", self.registry) if isinstance(tag, str)]

    def referrers(self, repository: str, digest: Digest) -> Sequence[Digest] | None:
        """What names this digest as its subject; None where the registry cannot tell."""
        path = f"/v2/{quote(repository)}/referrers/{quote(str(digest), safe=':')}"
        pages = self._pages(path, none=_KNOWS_NO_REFERRERS)
        items = [item for page in pages for item in listed(page, "manifests", self.registry)]
        named = [item.get("digest") if isinstance(item, dict) else item for item in items]
        return [self._digest(one, path) for one in named] if pages else None

    def _pages(self, path: str, *, none: Collection[int]) -> Sequence[Mapping[str, Any]]:
        pages: list[Mapping[str, Any]] = []
        seen, wanted = set[str](), path
        while wanted and len(seen) < _MOST_PAGES:
            if wanted in seen:
                raise Transient(f"{self.registry}{path}: its pages lead back to {wanted[:200]}")
            seen.add(wanted)
            answer = self._send("GET", wanted, ok={200, *none})
            if answer.status != 200:
                break
            pages.append(json_object(answer.content, f"{self.registry}{path}"))
            wanted = following(answer.headers.get("Link", ""))
        return pages

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        ok: Collection[int],
        content: bytes | None = None,
    ) -> RegistryAnswer:
        from azure.core.rest import HttpRequest

        doing = f"{method} {self.registry}{path[:500]}"
        # Links and locations come from the other side: whatever host they name, our token goes to this one only.
        request = HttpRequest(method, self._base + path_of(path, doing), headers=dict(headers or {}), content=content)
        with reported(doing):
            answer = read(self._client._client.send_request(request, stream=True), _MOST_SMALL)
        if answer.status not in ok:
            raise refused(answer, doing)
        if not answer.whole:
            raise Transient(f"{doing}: the answer is longer than {_MOST_SMALL} bytes")
        return answer

    def _digest(self, text: object, path: str) -> Digest:
        try:
            return Digest(text if isinstance(text, str) else repr(text)[:100])
        except InvalidValue as problem:
            raise Permanent(
                f"{self.registry}{path} names content in a way that is not supported: {problem}"
            ) from problem


def base_url(registry: str) -> str:
    """Where a registry listens: plain HTTP on this machine, HTTPS everywhere else."""
    loopback = urlsplit(f"//{registry}").hostname in _LOOPBACK
    return f"{'http' if loopback else 'https'}://{registry}"


def _client(base: str, credential: TokenCredential | None) -> ContainerRegistryClient:
    from azure.containerregistry import ContainerRegistryClient

    plain = base.startswith("http:")
    return ContainerRegistryClient(
        base,
        credential,
        per_call_policies=[show_again(), *([allow_http()] if plain else [])],
        per_retry_policies=[plain_challenges()],
        transport=transport(use_env_settings=not plain),
        # Who called us tries again, by the queue and with the registry's Retry-After, instead of holding a thread.
        retry_total=0,
    )


def _manifest(repository: str, reference: str) -> str:
    return f"/v2/{quote(repository)}/manifests/{quote(reference, safe=':')}"


def _blob(repository: str, digest: Digest) -> str:
    return f"/v2/{quote(repository)}/blobs/{digest}"
