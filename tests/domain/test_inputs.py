"""What decides what is deployed, as a list: complete, told apart, and the same for a later Slipway."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from shared.domain.charts.hooks import Hooks
from shared.domain.gating.approval import request_id
from shared.domain.policies.place import place_of
from shared.domain.policies.policy import ApprovalRule, GitOpsTarget, HelmTarget
from shared.domain.policies.setting import Setting, SettingKind
from shared.domain.state.inputs import Input, changes, inputs_of, read_inputs, write_inputs
from shared.domain.state.promotion import Rendered
from shared.domain.values.artifact import Artifact, PartKind
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.parts import image_and_chart, with_digest
from tests.support.pilot import PRODUCTION, Pilot, digest

ARTIFACT = Artifact(
    registry="localhost:5000",
    parts=image_and_chart(digest("image"), digest("chart")),
    commit="c" * 40,
    version=Version.parse("1.0.0"),
)
RULES = replace(PRODUCTION, deploy=GitOpsTarget(repository="environments.git"))
FILES: tuple[tuple[str, bytes | None], ...] = (("values.yaml", b"a: 1\n"), ("values-production.yaml", None))
SET = {"image.tag": Setting("v1.0.0"), "replicas": Setting("3", SettingKind.PLAIN)}


def listed(**changed: Any) -> tuple[Input, ...]:
    """The list of one release, with something else about it."""
    policy = changed.pop("policy", RULES)
    artifact = changed.pop("artifact", ARTIFACT)
    made = {"promotion": 2, "files": FILES, "settings": SET, **changed}
    return inputs_of(
        place_of(ServiceKey("shipping", made.pop("service", "delivery")), policy), artifact, policy, **made
    )


def target(**changed: Any) -> Any:
    """The rules with another place to deploy to."""
    return replace(RULES, deploy=replace(GitOpsTarget(repository="environments.git"), **changed))


OTHERS: dict[str, dict[str, Any]] = {
    "the image changed": {"artifact": with_digest(ARTIFACT, PartKind.IMAGE, digest("other"))},
    "the chart changed": {"artifact": with_digest(ARTIFACT, PartKind.CHART, digest("other"))},
    "values.yaml changed": {"files": (("values.yaml", b"a: 2\n"), FILES[1])},
    "values-production.yaml is now among the values files": {
        "files": (FILES[0], ("values-production.yaml", b"a: 1\n"))
    },
    "values.yaml is no longer among the values files": {"files": FILES[1:]},
    "the order of values files or settings changed": {"files": (*FILES, FILES[0])},
    "setting image.tag changed": {"settings": {**SET, "image.tag": Setting("v2")}},
    "setting replicas changed": {"settings": {**SET, "replicas": Setting("3")}},
    "setting more was added": {"settings": {**SET, "more": Setting("")}},
    "setting replicas was taken out": {"settings": {"image.tag": SET["image.tag"]}},
    "the namespace changed": {"policy": replace(RULES, namespace="elsewhere")},
    "the release name changed, the target path changed": {"service": "package"},
    "the target repository changed": {"policy": target(repository="others.git")},
    "the target branch changed": {"policy": target(branch="other")},
    "the target path changed": {"policy": target(path="flat")},
    "the target hooks changed": {"policy": target(hooks=Hooks.NONE)},
    "the promotion changed": {"promotion": 3},
}


@pytest.mark.parametrize("said", OTHERS)
def test_whatever_decides_what_is_deployed_is_in_the_list_and_said_in_words(said: str) -> None:
    """So that people are told what they are asked again for."""
    other = listed(**OTHERS[said])

    assert write_inputs(other) != write_inputs(listed())
    assert changes(listed(), other) == said


def test_another_kind_of_target_or_environment_is_another_list() -> None:
    """More than three changes are counted."""
    moved = replace(RULES, deploy=HelmTarget(cluster="prod-aks"), name="qa", namespace="qa")

    assert changes(listed(), listed(policy=moved)) == (
        "the environment changed, the namespace changed, the target changed and 5 other inputs changed"
    )


def test_what_is_no_input_changes_nothing() -> None:
    """Freezes, queueing and the rules for people are asked about elsewhere."""
    assert listed(policy=replace(RULES, approval=None, after=(), freezes=())) == listed()


def test_a_list_is_kept_as_it_is() -> None:
    """Its digest names it; odd names and signs come back."""
    odd = listed(files=(("värdi\n\u2028.yaml", b""),))

    assert read_inputs(write_inputs(odd)) == odd


def test_an_upgrade_asks_nobody_again() -> None:
    """Both ids are a promise to people who were asked: what goes into them is written out, and not as records are stored."""
    inputs = hashlib.sha256(write_inputs(listed())).hexdigest()
    promotion = Pilot().release_to("1.0.0", approve=False).promotion("1.0.0", "production")
    rule = ApprovalRule(approvers=("group:a", "b@example.com"), pinned=(("group:a", "7"),), comment=True)
    asked = replace(promotion, rendered=Rendered(inputs=inputs), facts=None, attempt=2)

    assert inputs == "e107c2183ccc423cf4f40a8bac175de0166e8f831c836d9e667da85d9a68f503"
    assert (
        request_id(ARTIFACT, asked, replace(RULES, approval=rule))
        == "9e47f6f7af67a8f9f0c009fcac73a550e9830d1938a49b13955fc8a59636d715"
    )
    assert (
        request_id(ARTIFACT, replace(asked, rendered=None), replace(RULES, approval=rule))
        != "9e47f6f7af67a8f9f0c009fcac73a550e9830d1938a49b13955fc8a59636d715"
    )
