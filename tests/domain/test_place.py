"""Where a service runs, by the rules of an environment."""

from __future__ import annotations

import copy
import pickle

from shared.domain.policies.place import Place, place_of
from shared.domain.policies.policy import GitOpsTarget, HelmTarget
from shared.domain.values.names import ServiceKey
from tests.support.pilot import DELIVERY, environment


def test_a_place_is_a_service_in_an_environment() -> None:
    """Its release is named like the service; two services of one environment are two places."""
    policy = environment("qa", deploy=HelmTarget(cluster="qa-aks"))

    assert place_of(DELIVERY, policy) == Place(
        service=DELIVERY,
        environment="qa",
        namespace="backend-qa",
        release_name="delivery",
        target=HelmTarget(cluster="qa-aks"),
    )
    assert place_of(ServiceKey("shipping", "package"), policy) != place_of(DELIVERY, policy)


def test_a_place_can_be_copied_to_another_process() -> None:
    """With all that is in it."""
    place = place_of(DELIVERY, environment("qa"))

    assert pickle.loads(pickle.dumps(place)) == copy.deepcopy(place) == place


def test_a_target_has_its_place_filled_in() -> None:
    """Folder and repository name the service and the environment."""
    policy = environment("qa", deploy=GitOpsTarget(repository="{service}.git", path="{environment}/{service}"))

    assert place_of(DELIVERY, policy).target == GitOpsTarget(repository="delivery.git", path="qa/delivery")
