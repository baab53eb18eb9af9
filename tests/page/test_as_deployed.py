"""What is live is named as it is read there."""

from __future__ import annotations

from shared.app.views.release import live_view
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.values.records import replace
from tests.page.test_pages import page
from tests.support.app_parts import Harness
from tests.support.doors import Doors
from tests.support.outside import MAIN, SLIPWAY_YAML


def test_what_is_live_is_named_as_the_cluster_pulls_it(doors: Doors, slipway: Harness) -> None:
    """From the namespace that it was deployed from, whatever the file says since; the release is named as it was pushed."""
    slipway.release_to("1.0.0")
    slipway.push(
        MAIN, {"slipway.yaml": SLIPWAY_YAML.replace("registry_namespace: prod", "registry_namespace: live").encode()}
    )
    slipway.pump()
    slipway.release_to("1.1.0")

    qa, production = doors.get("/api/services/delivery").json()["environments"]
    release = doors.get("/api/services/delivery/releases/1.0.0").json()

    assert qa["live"]["artifact"]["image"] == "localhost:5000/delivery:v1.1.0"
    assert production["live"]["artifact"]["image"] == "localhost:5000/live/delivery:v1.1.0"
    assert production["live"]["artifact"]["chart"] == "localhost:5000/live/charts/delivery:1.1.0"
    assert [one["artifact"]["image"] for one in production["earlier"]] == ["localhost:5000/prod/delivery:v1.0.0"]
    assert slipway.running("production").image.startswith("localhost:5000/live/delivery:v1.1.0@sha256:")
    assert release["artifact"]["image"] == "localhost:5000/delivery:v1.0.0"


def test_a_services_page_names_the_image_that_runs(doors: Doors, slipway: Harness) -> None:
    """As the cluster was given it, from production's part of the registry."""
    slipway.release_to("1.0.0")

    found = page(doors, "/services/delivery")

    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None
    assert f">localhost:5000/prod/delivery:v1.0.0@{artifact.image.digest}<" in found
    assert f">localhost:5000/delivery:v1.0.0@{artifact.image.digest}<" in found


def test_what_was_deployed_before_that_was_kept_is_named_by_the_rule_in_force(slipway: Harness) -> None:
    """Where there is one; an environment that left the configuration has none."""
    slipway.release_to("1.0.0")
    live, policy = slipway.state().environments["production"].live, slipway.state().policy
    assert live is not None
    assert policy is not None
    older, environment_policy = replace(live, registry_namespace=None), policy.environment("production")

    def image(environment_policy: EnvironmentPolicy | None) -> str:
        return live_view(older, environment_policy).artifact.image

    assert image(environment_policy) == "localhost:5000/prod/delivery:v1.0.0"
    assert image(None) == "localhost:5000/delivery:v1.0.0"
