"""Whole releases of versions that are not one image and one chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from shared.domain.deciding.blockers import why
from shared.domain.gating.gates import Blocker
from shared.domain.policies.policy import RepositoryPolicy
from shared.domain.state.estate import Estate
from shared.domain.values.artifact import PartName
from shared.domain.values.records import replace
from shared.ports.policies import Fault, PolicyReader
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.outside import Outside
from tests.support.parts import IMAGE, MIGRATION, NO_CHART, TWO_IMAGES
from tests.support.stores import ALL


class OfParts:
    """Reads the file, and has delivery made of other parts than a file can name yet."""

    def __init__(self, reader: PolicyReader, parts: tuple[PartName, ...]) -> None:
        self._reader, self._parts = reader, parts

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """See PolicyReader."""
        found = self._reader.compile(content, repository=repository, commit=commit, files=files)
        services = (
            replace(one, parts=self._parts) if one.service.service == "delivery" else one for one in found.services
        )
        return replace(found, services=tuple(services))

    def at_approvers(self, content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
        """See PolicyReader."""
        return self._reader.at_approvers(content, problems)


def started(store: str, folder: Path, parts: tuple[PartName, ...]) -> Harness:
    """An application whose delivery is made of these parts."""
    world = Outside()
    world.policies = OfParts(world.policies, parts)
    return make_app(store, folder, world).start()


def waits(slipway: Harness, version: str) -> tuple[Blocker, ...]:
    """What a version waits for."""
    state, now = slipway.state(DELIVERY), slipway.outside.clock()
    return why(state, slipway.release(version), estate=Estate(), now=now)


@pytest.mark.parametrize("store", ALL)
def test_a_version_of_two_images_is_tagged_copied_deployed_and_gone_back_to_whole(store: str, tmp_path: Path) -> None:
    """In production both images lie under its namespace; a way back whose migration is gone is none."""
    slipway = started(store, tmp_path, TWO_IMAGES)
    slipway.release_to("1.0.0")
    artifact, tagged = slipway.release("1.0.0").artifact, slipway.outside.registry.tagged
    assert artifact is not None

    assert [part.name for part in artifact.parts] == list(TWO_IMAGES)
    assert slipway.live("production") == "1.0.0"
    for part in artifact.parts:
        assert tagged[part.repository, part.tag] == tagged[f"prod/{part.repository}", part.tag] == part.digest
    assert slipway.running("production").images == tuple(
        f"localhost:5000/prod/{part.repository}:v1.0.0@{part.digest}" for part in artifact.images
    )

    for repository in (MIGRATION.repository, f"prod/{MIGRATION.repository}"):
        slipway.outside.registry.lose(repository)
    slipway.release_to("1.1.0", approve=False)
    assert [one.code for one in waits(slipway, "1.1.0") if one.environment == "qa"] == ["NoWayBack"]
    slipway.database.close()


@pytest.mark.parametrize("store", ALL)
def test_a_version_without_a_chart_is_packaged_and_waits_for_what_renders_it(store: str, tmp_path: Path) -> None:
    """Only its image is tagged; nothing renders it yet, and the gate says so."""
    slipway = started(store, tmp_path, NO_CHART)
    slipway.release_to("1.0.0", approve=False)
    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None

    assert slipway.outside.registry.tagged == {(IMAGE.repository, "v1.0.0"): artifact.image.digest}
    assert "v1.0.0 has no chart" in waits(slipway, "1.0.0")[0].reason
    slipway.database.close()
