"""Every state that a dead client leaves, made for real by killing one, and healed gently."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.adapters.helm.looking import DIED
from shared.ports.applier import Busy, DeployOrder
from shared.ports.errors import NotFound, Transient
from tests.support.helm.clients import Client
from tests.support.helm.shop import HOOK, Shop, image

pytestmark = pytest.mark.cluster
LATER = timedelta(minutes=10)


def with_hook(when: str) -> dict[str, str]:
    """A hook that takes very long."""
    return {"hook.yaml": HOOK % (when, "complete", "600")}


def dies(shop: Shop, order: DeployOrder, status: str) -> None:
    """Have a client die while the release has a status."""
    with Client(shop, lambda: shop.applier.apply(order)) as client:
        client.until(status)
        client.kill()
    assert isinstance(client.outcome, Transient)
    assert shop.history()[-1][1] == status


def test_nobody_takes_over_as_long_as_the_client_may_live(shop: Shop) -> None:
    """The order goes back unharmed, and looks again soon: a client that lives ends long before it must."""
    order = shop.order("1.0.0", templates=with_hook("pre-install"))
    dies(shop, order, "pending-install")

    with pytest.raises(Busy, match="may still be at it") as refused:
        shop.applier.apply(order)

    assert refused.value.retry_after is not None
    assert timedelta(0) < refused.value.retry_after <= timedelta(seconds=15) < shop.target.timeout


@pytest.mark.parametrize(
    ("before", "when", "status"), [(False, "pre-install", "pending-install"), (True, "pre-upgrade", "pending-upgrade")]
)
def test_what_died_in_a_hook_is_applied_again(shop: Shop, before: bool, when: str, status: str) -> None:
    """Its record says failed and what happened, and nobody can write it any more."""
    if before:
        shop.applier.apply(shop.order("1.0.0"))
    dead = shop.order("1.0.1", templates=with_hook(when))
    dies(shop, dead, status)
    shop.late = LATER

    report = shop.applier.apply(shop.order("1.0.1", id=dead.id, turn=dead.turn, promotion=dead.promotion))

    number = len(shop.history())
    assert shop.history()[-2:] == [(number - 1, "failed"), (number, "deployed")]
    assert shop.record(number - 1).description == f"{DIED} while it was {status}"
    assert len(report.healed) == 1
    assert status in report.healed[0]
    assert shop.image() == image("1.0.1")


def test_what_died_while_it_was_applied_is_applied_again(shop: Shop) -> None:
    """Wherever in it that was."""
    shop.applier.apply(shop.order("1.0.0"))
    order = shop.order("1.0.1")
    with Client(shop, lambda: shop.applier.apply(order)) as client:
        client.until_child()
        client.kill()
    shop.late = LATER

    shop.applier.apply(order)

    assert shop.history()[-1][1] == "deployed"
    assert shop.image() == image("1.0.1")


def test_a_release_goes_back_to_what_was_good_before_another_version_is_applied(shop: Shop) -> None:
    """So that nothing stays of what only the dead client made."""
    good = shop.applier.apply(shop.order("1.0.0"))
    dies(shop, shop.order("1.0.1", {"config": "dead"}, templates=with_hook("post-upgrade")), "pending-upgrade")
    shop.deployer.api.get(config_map(shop, "dead"))
    shop.late = LATER

    report = shop.applier.apply(shop.order("1.0.2", good=(good.revision,)))

    assert shop.history() == [(1, "superseded"), (2, "failed"), (3, "superseded"), (4, "deployed")]
    assert report.healed[-1] == "the release went back to revision 1"
    with pytest.raises(NotFound):
        shop.deployer.api.get(config_map(shop, "dead"))


def test_a_release_goes_back_to_nothing_that_was_not_good(shop: Shop) -> None:
    """Helm calls it deployed, and Slipway never recorded that it worked."""
    shop.applier.apply(shop.order("1.0.0"))
    dies(shop, shop.order("1.0.1", templates=with_hook("pre-upgrade")), "pending-upgrade")
    shop.late = LATER

    shop.applier.apply(shop.order("1.0.2"))

    assert shop.history() == [(1, "superseded"), (2, "failed"), (3, "deployed")]


def test_what_died_on_the_way_back_is_taken_back_again(shop: Shop) -> None:
    """A rollback by Helm's history, killed in its hook."""
    good = shop.order("1.0.0", templates=with_hook("pre-rollback"))
    revision = shop.applier.apply(good).revision
    shop.applier.apply(shop.order("1.0.1"))
    back = shop.order("1.0.0", manifests=good.manifests, chart=good.chart, before=revision, force=True)
    dies(shop, back, "pending-rollback")
    shop.late = LATER

    shop.applier.apply(shop.order("1.0.0", id=back.id, turn=back.turn))

    assert shop.history()[-2:] == [(3, "failed"), (4, "deployed")]
    assert shop.image() == image("1.0.0")


@pytest.mark.usefixtures("fake_kubelet")
def test_an_uninstall_that_broke_off_is_finished(shop: Shop) -> None:
    """And the next order installs."""
    order = shop.order("1.0.0", templates={"hook.yaml": HOOK % ("pre-delete", "complete", "2")})
    shop.applier.apply(order)
    with Client(shop, lambda: shop.applier.remove(order)) as client:
        client.until("uninstalling")
        client.kill()
    shop.late = LATER

    report = shop.applier.apply(shop.order("1.0.1"))

    assert [status for _, status in shop.history()] == ["deployed"]
    assert "was finished" in report.healed[0]


def test_a_first_install_that_failed_is_followed_by_an_upgrade(shop: Shop) -> None:
    """Nothing was ever deployed, and what it made is taken over."""
    with pytest.raises(Exception, match="failed to create typed patch object"):
        shop.applier.apply(shop.order("1.0.0", {"replicas": "many"}))

    shop.applier.apply(shop.order("1.0.1"))

    assert shop.history() == [(1, "superseded"), (2, "deployed")]


def test_a_history_that_was_cut_off_is_no_trouble(shop: Shop) -> None:
    """Somebody deleted all records but the newest one."""
    for version in ("1.0.0", "1.0.1", "1.0.2"):
        shop.applier.apply(shop.order(version))
    for number in (1, 2):
        shop.forget(number)

    shop.applier.apply(shop.order("1.0.3"))

    assert shop.history() == [(3, "superseded"), (4, "deployed")]


def test_a_release_whose_records_were_deleted_is_installed_over_what_it_left(shop: Shop) -> None:
    """Its objects say that they are its own."""
    shop.applier.apply(shop.order("1.0.0"))
    shop.forget(1)

    shop.applier.apply(shop.order("1.0.1"))

    assert shop.history() == [(1, "deployed")]
    assert shop.image() == image("1.0.1")


def config_map(shop: Shop, name: str) -> tuple[str, ...]:
    """Where a version's ConfigMap lies."""
    return ("api", "v1", "namespaces", shop.deployer.namespace, "configmaps", f"delivery-{name}")
