"""A registry in memory, and charts that are bytes in it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from shared.domain.values.names import Digest
from shared.ports.chart import LintFinding, Rendering
from shared.ports.errors import NotFound, Permanent
from shared.ports.registry import CopyReport, ImageDescription, TagTaken
from tests.support.outside_source import Troubles

_ALIKE = b"kind: Deployment\n"


def digest_of(content: bytes) -> Digest:
    """The digest of a manifest that is these bytes."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


class MemoryRegistry:
    """Repositories of manifests and tags, of one registry host. A tag is only ever moved by hand, in `tagged`.

    With `made_up` every manifest that is only named is there as well.
    """

    def __init__(self, troubles: Troubles, *, made_up: bool = False) -> None:
        self._troubles, self._made_up = troubles, made_up
        self.tagged: dict[tuple[str, str], Digest] = {}
        self.manifests: dict[str, dict[Digest, bytes]] = {}
        # None: whoever built the image could not know.
        self.users: dict[Digest, str | None] = {}
        self.platforms: dict[Digest, tuple[Digest, ...]] = {}
        self.copies: list[str] = []

    def push(self, repository: str, content: bytes) -> Digest:
        """Push a manifest by its digest."""
        self._troubles.hit("registry.push")
        digest = digest_of(content)
        self.manifests.setdefault(repository, {})[digest] = content
        return digest

    def put(self, repository: str, tag: str, content: bytes) -> Digest:
        """Push a manifest under a tag, as builders do that are not ours. Raise TagTaken."""
        self._free(repository, tag, digest_of(content))
        digest = self.push(repository, content)
        self.tagged[repository, tag] = digest
        return digest

    def lose(self, repository: str) -> None:
        """Forget a repository, as clean-up rules that are too keen do."""
        self.manifests.pop(repository, None)
        self.tagged = {place: digest for place, digest in self.tagged.items() if place[0] != repository}

    def clean_up(self, keep: Collection[str] = ()) -> None:
        """Forget every manifest that no tag names, but for these."""
        for repository, held in self.manifests.items():
            named = {digest for place, digest in self.tagged.items() if place[0] == repository}
            self.manifests[repository] = {
                digest: content for digest, content in held.items() if digest in named or digest.text in keep
            }

    def lose_tag(self, repository: str, tag: str) -> None:
        """Forget one tag and its manifest."""
        self.manifests[repository].pop(self.tagged.pop((repository, tag)))

    def content(self, repository: str, digest: Digest) -> bytes:
        """Read a manifest; raise NotFound."""
        found = self.manifests.get(repository, {}).get(digest, b"" if self._made_up else None)
        if found is None:
            raise NotFound(f"{repository}@{digest} is not in the registry")
        return found

    def digest_of(self, registry: str, repository: str, tag: str) -> Digest | None:
        """See Registry."""
        self._troubles.hit("registry.read")
        return self.tagged.get((repository, tag))

    def has(self, registry: str, repository: str, digest: Digest) -> bool:
        """See Registry."""
        self._troubles.hit("registry.has")  # by itself, or with everything that is read
        self._troubles.hit("registry.read")
        return self._made_up or digest in self.manifests.get(repository, {})

    def tags(self, registry: str, repository: str) -> Sequence[str]:
        """See Registry."""
        self._troubles.hit("registry.read")
        return sorted(tag for place, tag in self.tagged if place == repository)

    def describe(self, registry: str, repository: str, digest: Digest) -> ImageDescription:
        """See Registry."""
        self._troubles.hit("registry.read")
        size = len(self.content(repository, digest))
        user = self.users.get(digest, "10001")
        users = () if user is None else (("", user),)
        names = (digest, *self.platforms.get(digest, ()))
        return ImageDescription(digest=digest, media_type="", config_media_type="", size=size, names=names, users=users)

    def copy(
        self, registry: str, source_repository: str, target_repository: str, digest: Digest, tag: str
    ) -> CopyReport:
        """See Registry."""
        self._troubles.hit("registry.copy")
        self._free(target_repository, tag, digest)
        there = self.manifests.setdefault(target_repository, {})
        if self.tagged.get((target_repository, tag)) == digest and digest in there:
            return CopyReport(digest=digest, copied=False)
        there[digest] = self.content(source_repository, digest)
        self.tagged[target_repository, tag] = digest
        self.copies.append(f"{target_repository}:{tag}")
        return CopyReport(digest=digest, copied=True, manifests=1)

    def push_image(self, registry: str, repository: str, layer_tar_gz: Path, config: Mapping[str, object]) -> Digest:
        """See Registry."""
        return self.push(repository, layer_tar_gz.read_bytes() + json.dumps(config, sort_keys=True).encode())

    def push_chart(self, registry: str, repository: str, package: Path) -> Digest:
        """See Registry."""
        return self.push(repository, package.read_bytes())

    def tag(self, registry: str, repository: str, digest: Digest, tag: str) -> None:
        """See Registry."""
        self._troubles.hit("registry.tag")
        self._free(repository, tag, digest)
        self.content(repository, digest)
        self.tagged[repository, tag] = digest

    def _free(self, repository: str, tag: str, digest: Digest) -> None:
        found = self.tagged.get((repository, tag))
        if found is not None and found != digest:
            raise TagTaken(f"{repository}:{tag}", expected=digest, found=found)


class MemoryCharts:
    """Charts whose package is any bytes, and which render to one Deployment of the image that is set.

    `unpinned` are versions that render the image by its tag alone, `broken` those that do not render, `beside` what a version
    renders beside the Deployment. With `alike` the bytes are the same for all, and what a thread parses is what it rendered last.
    """

    def __init__(self, registry: MemoryRegistry, troubles: Troubles, *, alike: bool = False) -> None:
        self._registry, self._troubles, self._alike = registry, troubles, alike
        self._rendered = threading.local()
        self.unpinned: set[str] = set()
        self.broken: set[str] = set()
        self.beside: dict[str, Mapping[str, object]] = {}

    def lint(
        self, chart: Path, renderings: Sequence[Rendering] = (), *, root: Path | None = None
    ) -> Sequence[LintFinding]:
        """See Charts."""
        return []

    def package(self, chart: Path, *, version: str, app_version: str, into: Path, root: Path | None = None) -> Path:
        """See Charts."""
        package = into / f"{chart.name}-{version}.tgz"
        package.write_bytes(b"".join(path.read_bytes() for path in sorted(chart.rglob("*")) if path.is_file()))
        return package

    def pull(self, registry: str, repository: str, digest: Digest, *, version: str, into: Path) -> Path:
        """See Charts."""
        self._troubles.hit("charts.pull")
        package, content = (
            into / f"{repository.rpartition('/')[2]}-{version}.tgz",
            self._registry.content(repository, digest),
        )
        if not self._alike:
            into.mkdir(parents=True, exist_ok=True)
            package.write_bytes(content)
        return package

    def render(self, chart: Path, rendering: Rendering) -> bytes:
        """See Charts."""
        self._troubles.hit("charts.render")
        said = rendering.settings
        repository, tag = said["image.repository"].text, said["image.tag"].text
        version = tag.partition("@")[0].removeprefix("v")
        if version in self.broken:
            raise Permanent(f"{chart.name}: templates/deployment.yaml:3: unexpected end of file")
        image = f"{repository}:{tag.partition('@')[0] if version in self.unpinned else tag}"
        container = {"name": "app", "image": image, "securityContext": {"runAsNonRoot": True}}
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": rendering.release_name,
                "namespace": rendering.namespace,
                "annotations": {
                    "kubernetes.io/change-cause": said["reason"].text if "reason" in said else "",
                    "values": hashlib.sha256(b"\n".join(rendering.values)).hexdigest(),
                },
            },
            "spec": {"template": {"spec": {"containers": [container]}}},
        }
        self._rendered.last = [deployment, *([self.beside[version]] if version in self.beside else [])]
        if self._alike:
            return _ALIKE
        return b"\n".join(json.dumps(one, sort_keys=True).encode() for one in self._rendered.last)

    def parse(self, manifests: bytes) -> Sequence[Mapping[str, object]]:
        """See Charts."""
        if self._alike and manifests == _ALIKE:
            rendered: Sequence[Mapping[str, object]] = self._rendered.last
            return rendered
        if manifests.startswith(b"{"):
            return [json.loads(line) for line in manifests.splitlines() if line]
        import yaml

        try:
            return [one for one in yaml.safe_load_all(manifests) if one]
        except yaml.YAMLError as error:
            raise Permanent(f"not YAML: {error}") from error
