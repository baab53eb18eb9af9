"""A version is bound to one build, whatever is killed or pushed again on its way: never to none, and never to two."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.domain.state.phases import ReleasePhase
from tests.support.app_parts import Harness
from tests.support.mended import REF, VERSION, MendedSlipway
from tests.support.parts import chart_of

pytestmark = pytest.mark.slow

POINTS = {
    "before registry.push",
    "before builder.build",
    "after builder.build",
    "before store.transact",
    "after store.transact",
    "before registry.tag",
    "after registry.tag",
}


def bound(harness: Harness) -> str:
    """The commit that the version is bound to; its tags name that build's parts, and nothing else is tagged so."""
    release, registry = harness.release(VERSION), harness.outside.registry
    assert release.phase is ReleasePhase.PACKAGED, f"{release.phase}: {release.reason}"
    assert release.artifact is not None
    image, chart = release.artifact.image.digest, chart_of(release.artifact).digest
    assert registry.tagged == {("delivery", f"v{VERSION}"): image, ("charts/delivery", VERSION): chart}
    for repository, digest in (("delivery", image), ("charts/delivery", chart)):
        assert registry.content(repository, digest).endswith(release.artifact.commit.encode())
    assert release.commit == release.artifact.commit
    return release.commit


def killed(folder: Path, at: int) -> tuple[MendedSlipway, Harness]:
    """Release a version, killed at a boundary."""
    slipway = MendedSlipway(folder, 0)
    slipway.fuse.at = frozenset({at} if at else ())
    return slipway, slipway.release()


@pytest.fixture(scope="module")
def boundaries(tmp_path_factory: pytest.TempPathFactory) -> range:
    """Those between a version's first push and the question to people."""
    slipway, harness = killed(tmp_path_factory.mktemp("whole"), 0)
    bound(harness)
    return range(slipway.begins + 1, slipway.fuse.count + 1)


def test_a_kill_at_any_boundary_leaves_the_version_to_its_commit(tmp_path: Path, boundaries: range) -> None:
    """Before and after each push, the report, the decision, each tag: one build, and none anew between two tags."""
    passed = set()
    for at in boundaries:
        slipway, harness = killed(tmp_path / str(at), at)
        passed |= set(slipway.fuse.where)

        assert slipway.fuse.where, f"nothing was killed at {at}"
        assert bound(harness) == harness.outside.source.tips("shipping")[REF], slipway.fuse.where
        assert [one.ref for one in harness.outside.builder.orders].count(REF) == 1, slipway.fuse.where
    assert passed >= POINTS


@pytest.mark.parametrize("dies", [False, True], ids=["pushed", "pushed and killed"])
def test_a_mended_commit_at_any_boundary_takes_the_version_or_comes_too_late(
    tmp_path: Path, boundaries: range, dies: bool
) -> None:
    """It takes it until the digests are recorded. Afterwards it is told which they are."""
    ends = set()
    for at in boundaries:
        slipway = MendedSlipway(tmp_path / str(at), at, dies=dies)
        harness = slipway.release()
        first, mended = slipway.commits
        commit = bound(harness)
        artifact = harness.release(VERSION).artifact
        assert artifact is not None

        assert commit == (first if slipway.recorded else mended), (at, slipway.fuse.where)
        said = [one.description for one in harness.statuses(mended).values()]
        digests = (str(artifact.image.digest), str(chart_of(artifact).digest))
        assert slipway.recorded == any(all(one in text for one in digests) for text in said), (at, said)
        ends.add((commit == first, slipway.recorded))
        if not dies and at % 10 == 0:
            harness.approve()
            assert harness.release(VERSION).phase is ReleasePhase.RELEASED
    assert ends == {(True, True), (False, False)}
