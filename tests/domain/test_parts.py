"""What a version is made of: one image or several, with a chart or without one. No rule counts on two parts."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.charts.manifests import Finding, findings, not_run
from shared.domain.deciding.tagging import known_as
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.place import place_of
from shared.domain.state.inputs import inputs_of
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.artifact import Artifact, PartKind, PartName
from shared.domain.values.records import replace
from tests.support.parts import CHART, FIRST, IMAGE, MIGRATION, NO_CHART, TWO_IMAGES
from tests.support.pilot import DELIVERY, PRODUCTION, Pilot, digest, good_result, policy
from tests.support.pilot_more import codes

KINDS = pytest.mark.parametrize("names", [TWO_IMAGES, NO_CHART], ids=["two images", "no chart"])


def of(name: PartName, mark: str = "1") -> Any:
    """The part of version 1.0.0 that a build pushed."""
    return name.at(FIRST, digest(f"{name} {mark}"))


def artifact(*names: PartName) -> Artifact:
    """Version 1.0.0 of these parts."""
    return Artifact(registry="localhost:5000", parts=tuple(map(of, names)), commit="a" * 40, version=FIRST)


def made_of(*names: PartName) -> Pilot:
    """A service of these parts, whose builds push all of them."""
    pilot = Pilot(policy(parts=names))
    pilot.world.build = lambda effect: good_result(
        str(effect.number), parts=tuple(of(name, str(effect.number)) for name in names)
    )
    return pilot


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ((CHART,), "has no image"),
        ((), "has no image"),
        ((IMAGE, CHART, PartName(kind=PartKind.CHART, repository="other")), "has more than one chart"),
        ((IMAGE, IMAGE), "has two parts under one tag"),
    ],
)
def test_there_is_one_image_at_least_and_one_chart_at_most(names: tuple[PartName, ...], problem: str) -> None:
    """And no two parts of one name."""
    with pytest.raises(ValueError, match=problem):
        artifact(*names)


def test_an_artifact_is_named_by_all_its_parts() -> None:
    """Another migration is another artifact, and so is none."""
    both = artifact(*TWO_IMAGES)

    assert both.id == "+".join(str(of(name).digest) for name in TWO_IMAGES)
    assert len({both.id, artifact(IMAGE, CHART).id, artifact(IMAGE).id, artifact(MIGRATION, IMAGE, CHART).id}) == 4


@KINDS
def test_a_version_of_any_parts_goes_live(names: tuple[PartName, ...]) -> None:
    """It keeps them in the policy's order, and what is retained for a way back has them all."""
    pilot = made_of(*names).release_to("1.0.0")
    release, live = pilot.release("1.0.0"), pilot.state.environments["production"]

    assert release.artifact is not None
    assert release.artifact.parts == tuple(map(of, names))
    assert [one.phase for one in release.promotions] == [Phase.SUCCEEDED, Phase.SUCCEEDED]
    assert [one.artifact.parts for one in live.good] == [release.artifact.parts]
    assert all(str(of(name).digest) in known_as(release) for name in names)


@pytest.mark.parametrize("missing", TWO_IMAGES)
def test_a_build_that_lacks_a_part_packages_nothing(missing: PartName) -> None:
    """What is missing is named."""
    pilot = made_of(*TWO_IMAGES)
    pilot.world.build = lambda effect: good_result("1", parts=tuple(of(one) for one in TWO_IMAGES if one != missing))
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build)

    assert pilot.release("1.0.0").phase is ReleasePhase.ERRORED
    assert f"does not hold {missing} of v1.0.0" in pilot.release("1.0.0").reason


def test_a_build_chooses_neither_tags_nor_repositories() -> None:
    """Attack: a build names another tag, and another team's repository, for Slipway to tag and to copy to production."""
    pilot = made_of(*NO_CHART)
    foreign = PartName(kind=PartKind.IMAGE, repository="payments")
    claimed = (of(foreign), replace(of(IMAGE), tag="latest"))
    pilot.world.build = lambda effect: good_result("1", parts=claimed)
    pilot.release_to("1.0.0", approve=False)

    packaged = pilot.release("1.0.0").artifact
    assert packaged is not None
    assert packaged.parts == (of(IMAGE),)


def test_the_own_image_is_tagged_last() -> None:
    """Whoever sees its tag finds all others, whatever their order in the policy."""
    assert [part.name for part in artifact(IMAGE, CHART, MIGRATION).in_tag_order] == [CHART, MIGRATION, IMAGE]
    assert [part.name for part in artifact(IMAGE).in_tag_order] == [IMAGE]
    assert [(part.name, part.tag) for part in artifact(*TWO_IMAGES).parts] == [
        (IMAGE, "v1.0.0"),
        (MIGRATION, "v1.0.0"),
        (CHART, "1.0.0"),
    ]


def test_a_moved_tag_of_any_image_stops_the_release() -> None:
    """The migration decides as much as the service's own image."""
    pilot = made_of(*TWO_IMAGES).release_to("1.0.0", approve=False)
    pilot.tell(ev.TagsRead(**pilot.ids(), effect="x", version="1.0.0", parts=(of(IMAGE), of(MIGRATION, "other"))))

    assert (
        f"{of(MIGRATION, 'other').digest}, but {of(MIGRATION).digest} was packaged" in pilot.release("1.0.0").quarantine
    )


def test_a_tag_that_a_version_has_no_part_for_stops_nothing() -> None:
    """Somebody's chart beside a version without one is not deployed."""
    pilot = made_of(*NO_CHART).release_to("1.0.0", approve=False)
    announced = pilot.tell(ev.ArtifactAnnounced(**pilot.ids(), version="1.0.0", part=CHART, digest=digest("x")))
    pilot.tell(ev.TagsRead(**pilot.ids(), effect="x", version="1.0.0", parts=(of(IMAGE), of(CHART))))

    assert (announced.outcome, announced.code) == (Outcome.IGNORED, "unknown-artifact")
    assert not pilot.release("1.0.0").quarantine


def test_each_image_that_is_announced_early_is_kept_for_itself() -> None:
    """The second is not taken for another build of the first, and what the build confirms asks for nothing."""
    pilot = made_of(*TWO_IMAGES)
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)
    for name in (IMAGE, MIGRATION):
        pilot.tell(ev.ArtifactAnnounced(**pilot.ids(), version="1.0.0", part=name, digest=of(name).digest))
    assert pilot.release("1.0.0").early == (of(IMAGE), of(MIGRATION))
    pilot.perform(ef.Build, ef.Tag)

    assert len(pilot.effects(ef.ReadTags)) == 1


def test_a_deletion_of_any_image_is_looked_at() -> None:
    """A way back whose migration is gone is none."""
    pilot = made_of(*TWO_IMAGES).release_to("1.0.0").release_to("1.1.0", approve=False)
    asked = len(pilot.effects(ef.GatherFacts))
    gone = ev.ArtifactWithdrawn(
        **pilot.ids(), kind=PartKind.IMAGE, repository=MIGRATION.repository, digest=of(MIGRATION).digest
    )
    pilot.tell(gone)
    pilot.perform()

    assert len(pilot.effects(ef.GatherFacts)) > asked
    assert codes(pilot, "1.1.0") == ["ApprovalNeeded"]


@pytest.mark.parametrize("version", ["", "1.0.0"])
def test_a_deletion_of_charts_concerns_no_version_without_one(version: str) -> None:
    """Neither of a tag nor of the whole repository."""
    pilot = made_of(*NO_CHART).release_to("1.0.0")
    gone = ev.ArtifactWithdrawn(**pilot.ids(), kind=PartKind.CHART, repository=CHART.repository, version=version)

    assert pilot.tell(gone).code == "unknown-artifact"


def test_what_people_approve_names_each_part() -> None:
    """The own image as ever, another one by its repository, no chart where there is none."""
    listed = dict(
        inputs_of(place_of(DELIVERY, PRODUCTION), artifact(*TWO_IMAGES), PRODUCTION, promotion=2, files=(), settings={})
    )
    bare = dict(
        inputs_of(place_of(DELIVERY, PRODUCTION), artifact(IMAGE), PRODUCTION, promotion=2, files=(), settings={})
    )

    assert listed["image"] == bare["image"] == f"localhost:5000/prod/delivery:v1.0.0@{of(IMAGE).digest}"
    assert listed["image delivery-migration"].endswith(f"/prod/delivery-migration:v1.0.0@{of(MIGRATION).digest}")
    assert listed["chart"] == f"localhost:5000/charts/delivery:1.0.0@{of(CHART).digest}"
    assert bare.keys() == listed.keys() - {"image delivery-migration", "chart"}


OWN, OTHER = (f"localhost:5000/{name.repository}:v1@{of(name).digest}" for name in (IMAGE, MIGRATION))
OLD = f"localhost:5000/delivery-migration:v1@{digest('old')}"


@pytest.mark.parametrize(
    ("running", "missing"),
    [((OWN, OTHER), ""), ((OWN,), ""), ((OTHER,), OWN), ((), OWN), ((OWN, OLD), OTHER), ((OWN, "busybox:1"), "")],
)
def test_the_own_image_runs_and_no_other_by_another_digest(running: tuple[str, ...], missing: str) -> None:
    """A migration's job may be over."""
    assert not_run((OWN, OTHER), running) == missing


def test_manifests_run_no_other_digest_of_any_released_image() -> None:
    """An old migration beside the new service is a finding."""

    def job(image: str) -> dict[str, object]:
        container = {"name": "x", "image": image, "securityContext": {"runAsNonRoot": True}}
        noted = {"name": "x", "annotations": {"kubernetes.io/change-cause": "why"}}
        return {"kind": "Job", "metadata": noted, "spec": {"template": {"spec": {"containers": [container]}}}}

    released: dict[str, Any] = {"image": OWN, "others": (OTHER,)}
    old = f"{OLD} is this service's image, but not the released {of(MIGRATION).digest}"

    assert findings([job(OWN), job(OTHER)], **released) == ()
    assert findings([job(OWN), job(OLD)], **released) == (
        Finding("Job/x", "spec.template.spec.containers[0].image", old),
    )
