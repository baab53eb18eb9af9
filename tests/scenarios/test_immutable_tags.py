"""A version is tagged in a registry whose tags cannot be put twice, whatever is killed in between. At a real registry."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.oci_registry import OciRegistry
from shared.domain.messages.effects import Tag
from shared.domain.values.names import Digest
from shared.ports.builder import BuildOrder, BuildOutcome, BuildResult
from tests.support import registries
from tests.support.app_looks import all_but, do, the
from tests.support.app_parts import Harness, make_app
from tests.support.crashes import Crash
from tests.support.immutable_tags import REFUSALS, ImmutableTags
from tests.support.outside import SLIPWAY_YAML, MemoryBuilder, Outside
from tests.support.parts import CHART, IMAGE, chart_of, image_and_chart


def a_chart(folder: Path, version: str) -> Path:
    """The smallest package that is a chart."""
    package, content = folder / f"delivery-{version}.tgz", f"name: delivery\nversion: {version}\n".encode()
    with tarfile.open(package, "w:gz") as archive:
        entry = tarfile.TarInfo("delivery/Chart.yaml")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return package


class Pushes(MemoryBuilder):
    """Builds that push by digest to a real registry."""

    host: str
    folder: Path

    def _run(self, order: BuildOrder) -> BuildResult:
        if order.version is None:
            return BuildResult(outcome=BuildOutcome.SUCCEEDED, reason="")
        registry = OciRegistry()
        image = registry.push_image(self.host, IMAGE.repository, registries.a_layer(self.folder), {})
        chart = registry.push_chart(self.host, CHART.repository, a_chart(self.folder, order.version))
        return BuildResult(outcome=BuildOutcome.SUCCEEDED, reason="", parts=image_and_chart(image, chart))


class DiesAfter:
    """A registry, after whose n-th tag the process is gone."""

    def __init__(self, registry: OciRegistry, tags: int) -> None:
        self._registry, self._left = registry, tags

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)

    def tag(self, registry: str, repository: str, digest: Digest, tag: str) -> None:
        """See Registry."""
        self._registry.tag(registry, repository, digest, tag)
        self._left -= 1
        if not self._left:
            raise Crash("after registry.tag")


@pytest.fixture(params=REFUSALS, ids=lambda refusal: f"{refusal[0]} {refusal[1]}")
def tags(request: pytest.FixtureRequest) -> ImmutableTags:
    """What the registry answers to who puts a tag again."""
    return ImmutableTags(*request.param)


@pytest.fixture
def slipway(tags: ImmutableTags, tmp_path: Path) -> Iterator[Harness]:
    """An application that builds for such a registry."""
    with registries.embedded_registry(tmp_path / "registry", wrap=tags.around) as host:
        outside = Outside(slipway_yaml=SLIPWAY_YAML.replace("localhost:5000", host))
        builder = Pushes(outside.registry, outside.troubles)
        builder.host, builder.folder = host, tmp_path
        outside.builder = builder
        harness = make_app("memory", tmp_path, outside)
        yield harness.wrap(registry=OciRegistry()).start()


@pytest.mark.parametrize("put", [1, 2], ids=["between the tags", "after both"])
def test_a_kill_among_the_tags_is_finished_without_putting_one_again(
    slipway: Harness, tags: ImmutableTags, put: int
) -> None:
    """What is delivered again finds what was put, and the registry never has to refuse."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("tag"))
    effect, good = the(slipway, Tag), slipway.app.access_as(None).registry
    slipway.wrap(registry=DiesAfter(OciRegistry(), put))
    with pytest.raises(Crash):
        do(slipway, effect)
    slipway.wrap(registry=good)
    do(slipway, effect)
    release = slipway.release("1.0.0")
    assert release.artifact is not None
    place = release.artifact.registry

    assert release.phase == "Packaged"
    assert good.digest_of(place, "delivery", "v1.0.0") == release.artifact.image.digest
    assert good.digest_of(place, "charts/delivery", "1.0.0") == chart_of(release.artifact).digest
    assert tags.refused == []
