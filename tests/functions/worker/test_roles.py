"""The package as three apps in Microsoft's worker: each has its functions, its queues and its identities, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest

from infra.local.sample import git
from shared.codec.envelope import encode_effect
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Deploy, GatherFacts, ObserveRollout, Retag
from shared.domain.messages.queues import EVENTS_QUEUE, QUEUES, queue_of, reports_queue_of
from shared.domain.values.names import ServiceKey
from tests.conventions.test_cold_start import outside
from tests.support.clock import NOON
from tests.support.doors import PEOPLE
from tests.support.worker.in_roles import CONTROL, NONPROD, OWN, PROD, PRODUCTION, QA, ROLES, InRoles
from tests.support.worker.running import Worker, WorkerRefused
from tests.support.worker.scene import registered

pytestmark = [pytest.mark.real("azurite"), pytest.mark.slow]
RELEASE = "/api/services/delivery/releases/1.0.0"
DELIVERY = ServiceKey("shipping", "delivery")
Act: TypeAlias = GatherFacts | Retag | Deploy | ObserveRollout


@dataclass(frozen=True)
class Story:
    """Three apps that have brought 1.0.0 to production, and what the ledger said of the messages that were put by hand."""

    apps: InRoles
    forged: Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A whole release, with messages put into wrong queues while production is on its way."""
    with InRoles(tmp_path_factory.mktemp("roles")) as apps:
        apps.approve()
        forged = [forge(apps, NONPROD, Retag), forge(apps, NONPROD, Deploy)]
        apps.until(apps.released)
        yield Story(apps, forged)


@pytest.fixture
def released(story: Story) -> InRoles:
    """The apps afterwards."""
    return story.apps


def forge(apps: InRoles, role: str, kind: type[Act]) -> Mapping[str, Any]:
    """Put a message about production's promotion into a worker's queue, and return the newest entry of the ledger."""
    turn = {"asked": 1} if kind is GatherFacts else {"attempt": 1}
    effect = kind(service=DELIVERY, number=number(apps, "production"), **turn)
    body = encode_effect(effect, Delivery(correlation=f"{kind.kind} by hand"), at=NOON)
    assert apps.app(role).deliver(queue_of(kind.kind, role), body).error == ""
    apps.bring(reports_queue_of(role))
    entries: list[dict[str, Any]] = apps.read("/api/services/delivery/ledger?most=200")["entries"]
    return entries[-1]


def seen(apps: InRoles) -> list[Any]:
    """All that anybody outside has seen of the apps: who was asked for tokens, what the registry was asked, what was written."""
    written = git(apps.folder / "environments.git", "log", "--format=%H", "--all")
    return [list(apps.endpoint.asked), list(apps.guard.paths), written, apps.read(RELEASE)]


def number(apps: InRoles, environment: str) -> int:
    """The promotion of 1.0.0 in an environment."""
    return next(int(one["number"]) for one in apps.read(RELEASE)["promotions"] if one["environment"] == environment)


def test_every_queue_is_read_by_one_app(released: InRoles) -> None:
    """As the table says; what went to poison is looked for by control's tick, and has no trigger."""
    read = [released.queues(role) for role in ROLES]

    assert read == [{queue.name for queue in QUEUES.values() if queue.worker == role} for role in ROLES]
    assert sorted(name for one in read for name in one) == sorted(QUEUES)
    assert EVENTS_QUEUE in read[0]


def test_every_function_is_in_one_app(released: InRoles) -> None:
    """Doors, API, page and tick are control's; the workers answer no request."""
    names = [set(released.app(role).worker.functions) for role in ROLES]
    kinds = [{one.trigger["type"] for one in released.app(role).worker.functions.values()} for role in ROLES]

    assert sum(len(one) for one in names) == len(set.union(*names))
    assert set.union(*names) == registered().keys()
    assert {"git_pushed", "tick", "show_overview", "event_worker"} <= names[0]
    assert kinds[1:] == [{"queueTrigger"}, {"queueTrigger"}]


def test_productions_identity_is_asked_for_by_productions_app_alone(released: InRoles) -> None:
    """Over a whole release; the others would not get it, and have not tried."""
    assert released.endpoint.apps(PROD) == {PRODUCTION}
    assert released.asked(NONPROD) == {OWN, QA}
    assert released.asked(PRODUCTION) == {PROD}
    assert released.asked(CONTROL) == {OWN}


def test_the_directory_is_asked_as_slipway_itself(released: InRoles) -> None:
    """For names when the configuration is read, and for who says yes; no other identity gets in there."""
    paths = [one.path.rpartition("/")[2] for one in released.directory.seen]

    assert set(paths) == {"users", "groups", PEOPLE["rita"].id}
    assert {released.endpoint.holder(one.bearer, released.directory.url) for one in released.directory.seen} == {OWN}


def test_production_is_read_and_written_with_its_identity_and_each_has_the_rights_it_needs(released: InRoles) -> None:
    """The registry knows whose every request was."""
    images, charts = ("delivery", "prod/delivery"), ("charts/delivery", "prod/charts/delivery")
    written = {
        name: {who for who in (OWN, QA, PROD) if ("push", name) in released.guard.did(who)}
        for name in (*images, *charts)
    }

    assert written == {
        "delivery": {OWN},
        "charts/delivery": {OWN},
        "prod/delivery": {PROD},
        "prod/charts/delivery": {PROD},
    }
    assert {action for action, _ in released.guard.did(QA)} == {"pull"}
    assert not any(name.startswith("prod/") for who in (OWN, QA) for _, name in released.guard.did(who))


def test_what_production_waits_for_is_refused_in_the_other_workers_queue_and_recorded(story: Story) -> None:
    """Whoever may write into a queue leads nobody to act on what is not theirs; what is not wanted yet is not even that."""
    retag, deploy = story.forged

    assert (retag["type"], retag["outcome"], retag["correlation"]) == ("effect-refused", "ignored", "retag by hand")
    assert "production is served by the production worker, and not by nonprod" in retag["reason"]
    assert deploy == retag


@pytest.mark.parametrize("role", [NONPROD, PRODUCTION])
@pytest.mark.parametrize("kind", [GatherFacts, Retag, Deploy, ObserveRollout])
def test_a_message_about_what_is_over_does_nothing(released: InRoles, role: str, kind: type[Act]) -> None:
    """The state is read again before anything is done, for each kind of act that production's worker has."""
    before = seen(released)
    forge(released, role, kind)

    assert seen(released) == before


@pytest.mark.parametrize("role", ROLES)
def test_no_app_loads_anything_of_others_before_its_first_message(released: InRoles, role: str) -> None:
    """Identities included: their SDK comes with the first token that somebody needs."""
    with Worker(released.of(role)) as worker:
        assert outside(worker.modules()) == []


def test_production_does_not_start_without_its_identity(released: InRoles) -> None:
    """Rather than at the first message, with a release under way."""
    with pytest.raises(WorkerRefused, match="SLIPWAY_IDENTITIES: has no client id for production"):
        with Worker({**released.of(PRODUCTION), "SLIPWAY_IDENTITIES": "{}"}):
            pass


@pytest.mark.parametrize("role", [CONTROL, NONPROD])
def test_an_app_that_should_not_have_productions_identity_does_not_start(released: InRoles, role: str) -> None:
    """A build would find it there."""
    with pytest.raises(WorkerRefused, match="SLIPWAY_IDENTITIES: names production"):
        with Worker({**released.of(role), "SLIPWAY_IDENTITIES": '{"production": "id-of-production"}'}):
            pass
