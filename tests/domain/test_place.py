"""Where a service runs, by the rules of an environment."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta

from shared.domain.charts.belonging import Home
from shared.domain.policies.place import Place, home_of, place_of
from shared.domain.policies.policy import GitOpsTarget, HelmTarget
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from tests.support.pilot import DELIVERY, environment, policy


def test_a_place_is_a_service_in_an_environment() -> None:
    """Its release is named like the service; two services of one environment are two places."""
    rules = environment("qa", deploy=HelmTarget(cluster="qa-aks"))

    assert place_of(DELIVERY, rules) == Place(
        service=DELIVERY,
        environment="qa",
        namespace="backend-qa",
        release_name="delivery",
        target=HelmTarget(cluster="qa-aks"),
    )
    assert place_of(ServiceKey("shipping", "package"), rules) != place_of(DELIVERY, rules)


def test_a_place_can_be_copied_to_another_process() -> None:
    """With all that is in it."""
    place = place_of(DELIVERY, environment("qa"))

    assert pickle.loads(pickle.dumps(place)) == copy.deepcopy(place) == place


def test_a_target_has_its_place_filled_in() -> None:
    """Folder and repository name the service and the environment."""
    rules = environment("qa", deploy=GitOpsTarget(repository="{service}.git", path="{environment}/{service}"))

    assert place_of(DELIVERY, rules).target == GitOpsTarget(repository="delivery.git", path="qa/delivery")


def test_manifests_belong_to_the_namespace_of_their_environment_and_to_no_other() -> None:
    """One that two environments share is at home in both; whoever applies by git has rights that are not ours to judge."""
    qa = environment("qa", deploy=HelmTarget(cluster="qa-aks", kinds=("example.com/Thing",)))
    beside, live = (
        replace(environment(name), namespace=where) for name, where in (("dev", "backend-qa"), ("live", "backend"))
    )
    whole = policy(qa, beside, live)

    assert home_of(whole, qa) == Home(
        namespace="backend-qa",
        others=(("backend", "live"),),
        kinds=("example.com/Thing",),
        longest=timedelta(minutes=5),
    )
    assert home_of(whole, beside) == Home(namespace="backend-qa", others=(("backend", "live"),), kinds=None)
