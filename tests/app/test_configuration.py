"""slipway.yaml of the default branch: in force while it is good, shown while it is not, and never half."""

from __future__ import annotations

import pytest

from shared.app.hook_events.configuration import configuration, policy_in_force, refresh_configuration
from shared.app.hook_events.inspect_push import inspect_push
from shared.codec.errors import HalfWritten
from shared.codec.repository import CONFIG, SERVICE
from shared.domain.messages import events as ev
from shared.domain.policies.policy import RepositoryPolicy
from shared.domain.state.repository import ConfigInForce
from shared.domain.values.names import ServiceKey
from shared.ports.errors import NotFound, Permanent
from shared.ports.statuses import CommitState
from tests.support.app_looks import latest, policy_row
from tests.support.app_parts import DELIVERY, PACKAGE, Harness, branch
from tests.support.outside import ADA, MAIN, SHIPPING, SLIPWAY_YAML

CONTEXT = "slipway/config"
WITHOUT_PACKAGE = SLIPWAY_YAML[: SLIPWAY_YAML.index("  package:")] + SLIPWAY_YAML[SLIPWAY_YAML.index("environments:") :]
OTHER_PACKAGE = "  package: {path: src/shipping/package, chart: charts/package, triggers: {batch: false}}\n"


def push(slipway: Harness, yaml: str | None) -> str:
    """Push another configuration to the default branch, and have it inspected."""
    commit = slipway.outside.commit(MAIN, {"slipway.yaml": yaml.encode() if yaml is not None else None})
    inspect_push(slipway.app, ev.PushReceived(id="p", repository=SHIPPING, ref=MAIN))
    return commit


def found(slipway: Harness) -> ConfigInForce:
    """What is in force, and the last fault."""
    config = configuration(slipway.app, SHIPPING)
    assert config is not None
    return config


def in_force(slipway: Harness) -> RepositoryPolicy:
    """What is in force."""
    policy = policy_in_force(slipway.app, SHIPPING)
    assert policy is not None
    return policy


def test_a_repository_that_was_never_looked_at_has_no_configuration(fresh: Harness) -> None:
    """Neither a good nor a bad one."""
    assert configuration(fresh.app, SHIPPING) is None
    assert policy_in_force(fresh.app, SHIPPING) is None


def test_a_good_file_is_in_force_with_the_commit_it_was_read_from(slipway: Harness) -> None:
    """And the time it was checked at."""
    commit = slipway.outside.source.refs(SHIPPING)[MAIN]
    config = found(slipway)

    assert (config.commit, config.faults, config.faulty_commit) == (commit, (), "")
    assert config.checked_at == slipway.app.now()
    assert [one.service for one in in_force(slipway).services] == [DELIVERY, PACKAGE]
    assert slipway.state().policy == in_force(slipway).service("delivery")


def test_a_good_file_needs_no_word_on_its_commit(slipway: Harness) -> None:
    """Only one that mends a broken one does."""
    first = slipway.outside.source.refs(SHIPPING)[MAIN]
    second = push(slipway, SLIPWAY_YAML + "# the same\n")

    assert CONTEXT not in slipway.statuses(first)
    assert CONTEXT not in slipway.statuses(second)


def test_a_broken_file_changes_nothing_and_is_shown_on_its_commit(slipway: Harness) -> None:
    """File, line and key stand in the status; the last good one stays in force."""
    good = found(slipway)
    entries = len(slipway.timeline())
    commit = push(slipway, SLIPWAY_YAML.replace("queueing: latest_only", "queuing: latest_only"))
    shown = slipway.statuses(commit)[CONTEXT]

    assert found(slipway).policy == good.policy
    assert (found(slipway).commit, found(slipway).faulty_commit) == (good.commit, commit)
    assert len(found(slipway).faults) == 1
    assert shown.state is CommitState.FAILED
    assert shown.description.startswith(f"slipway.yaml:{len(SLIPWAY_YAML.splitlines())}: queuing: ")
    assert len(slipway.timeline()) == entries


def test_a_file_with_several_faults_shows_the_first_and_how_many_more(slipway: Harness) -> None:
    """All of them are kept for the page."""
    broken = SLIPWAY_YAML.replace("registry:", "registri:").replace("queueing: latest_only", "queueing: sometimes")
    commit = push(slipway, broken)
    faults = found(slipway).faults

    assert len(faults) > 1
    assert slipway.statuses(commit)[CONTEXT].description == f"{faults[0]} (and {len(faults) - 1} more)"


def test_a_file_that_is_mended_is_in_force_and_says_so(slipway: Harness) -> None:
    """The fault is gone from commit, page and health."""
    push(slipway, "version: 2\n")
    commit = push(slipway, SLIPWAY_YAML + "# mended\n")

    assert (found(slipway).commit, found(slipway).faults, found(slipway).faulty_commit) == (commit, (), "")
    assert slipway.statuses(commit)[CONTEXT].state is CommitState.SUCCEEDED


def test_a_release_goes_on_under_the_last_good_file(slipway: Harness) -> None:
    """A broken file keeps nobody from releasing."""
    push(slipway, "version: [")
    slipway.release_to("1.0.0")

    assert slipway.live("production") == "1.0.0"


def test_a_file_that_goes_missing_leaves_the_last_good_one_in_force(slipway: Harness) -> None:
    """Deleting it by mistake must not take every service out."""
    commit = push(slipway, None)

    assert len(in_force(slipway).services) == 2
    assert slipway.statuses(commit)[CONTEXT].description == (
        "slipway.yaml: is missing; the last good one stays in force"
    )


def test_a_repository_that_never_had_a_file_is_not_told_off_but_shows_what_to_do(fresh: Harness) -> None:
    """Its commits stay clean; the page and the health check say what is missing."""
    commit = push(fresh, None)

    found = configuration(fresh.app, SHIPPING)
    assert fresh.statuses(commit) == {}
    assert found is not None
    assert found.policy is None
    assert found.faults == ("slipway.yaml: is missing; add one to the root of the default branch",)


def test_a_first_file_that_is_broken_shows_and_puts_nothing_in_force(fresh: Harness) -> None:
    """There is no last good one."""
    commit = push(fresh, "services: {}")

    assert found(fresh).policy is None
    assert found(fresh).commit == ""
    assert found(fresh).faulty_commit == commit
    assert policy_in_force(fresh.app, SHIPPING) is None


def test_a_first_file_that_is_broken_and_then_gone_is_missing(fresh: Harness) -> None:
    """What is shown is what is wrong now."""
    push(fresh, "services: {}")
    gone = push(fresh, None)

    assert found(fresh).faulty_commit == gone
    assert "is missing" in found(fresh).faults[0]


def test_only_services_whose_policy_changed_are_told(slipway: Harness) -> None:
    """The others' ledgers stay as they are."""
    entries = len(slipway.timeline())
    push(slipway, WITHOUT_PACKAGE.replace("environments:", f"{OTHER_PACKAGE}environments:", 1))

    assert latest(slipway, PACKAGE).event_type == "policy-changed"
    assert len(slipway.timeline()) == entries


def test_a_service_that_leaves_is_told(slipway: Harness) -> None:
    """What waits of it is stopped; its history stays."""
    slipway.release_to("1.0.0", PACKAGE, approve=False)
    push(slipway, WITHOUT_PACKAGE)

    assert [one.service for one in in_force(slipway).services] == [DELIVERY]
    assert latest(slipway, PACKAGE).event_type == "service-removed"
    assert slipway.state(PACKAGE).policy is None
    assert slipway.promotion("1.0.0", "production", PACKAGE).phase == "Aborted"


def test_a_service_that_comes_back_is_told_its_policy(slipway: Harness) -> None:
    """Even if it is word for word the one from before."""
    push(slipway, WITHOUT_PACKAGE)
    push(slipway, SLIPWAY_YAML)

    assert slipway.state(PACKAGE).policy == in_force(slipway).service("package")


def test_a_release_branch_cannot_weaken_the_policy(slipway: Harness) -> None:
    """Attack: a file on the branch that asks for no approval is never read."""
    weak = SLIPWAY_YAML.replace(
        'approval: {approvers: ["release-manager@example.com", "group:release-managers"], minimum: 1, forbid: [author]}',
        "approval: {minimum: 1, forbid: []}",
    )
    slipway.push(branch("1.0.0"), {"slipway.yaml": weak.encode()})
    slipway.pump()

    assert weak != SLIPWAY_YAML
    assert slipway.promotion("1.0.0", "production").phase == "Waiting"
    assert len(slipway.outside.people.open) == 1


def test_a_worker_that_died_while_it_wrote_is_made_up_for(slipway: Harness) -> None:
    """Nobody reads a mixture of two configurations meanwhile; the same commit is compiled again."""
    row = slipway.app.rows.get(SHIPPING, CONFIG)
    assert row is not None
    commit = push(slipway, SLIPWAY_YAML.replace("minimum: 1", "minimum: 2"))
    after = found(slipway)
    slipway.app.rows.overwrite(SHIPPING, CONFIG, row.value)
    with pytest.raises(HalfWritten):
        policy_in_force(slipway.app, SHIPPING)
    refresh_configuration(slipway.app, SHIPPING, commit, 2)

    assert found(slipway) == after


def test_a_service_whose_row_is_missing_is_no_policy_at_all(slipway: Harness) -> None:
    """It is compiled again rather than taken for a service that left."""
    row = policy_row(slipway, "package")
    slipway.app.rows.delete(SHIPPING, row.key, etag=row.etag)
    with pytest.raises(HalfWritten):
        policy_in_force(slipway.app, SHIPPING)
    refresh_configuration(slipway.app, SHIPPING, slipway.outside.source.refs(SHIPPING)[MAIN], 1)

    assert in_force(slipway).service("package") is not None
    assert latest(slipway, PACKAGE).event_type != "service-removed"


def test_a_worker_that_died_before_it_wrote_tells_the_services_again(slipway: Harness) -> None:
    """Under the same ids: those that know it already are not told twice."""
    commit = slipway.outside.commit(MAIN, {"slipway.yaml": SLIPWAY_YAML.replace("minimum: 1", "minimum: 2").encode()})
    row = slipway.app.rows.get(SHIPPING, CONFIG)
    rows = slipway.app.rows.list(SHIPPING, prefix=SERVICE)
    assert row is not None
    refresh_configuration(slipway.app, SHIPPING, commit, 2)
    entries = len(slipway.timeline())
    for one in (*rows, row):
        slipway.app.rows.overwrite(SHIPPING, one.key, one.value)
    refresh_configuration(slipway.app, SHIPPING, commit, 2)

    assert len(slipway.timeline()) == entries
    assert found(slipway).commit == commit


def test_services_of_one_repository_say_nothing_of_anothers(slipway: Harness) -> None:
    """Two monorepos may have a service of one name."""
    slipway.outside.source.create("other")
    files = {"src/shipping/delivery/Dockerfile": b"", "charts/delivery/Chart.yaml": b""}
    commit = slipway.outside.source.commit("other", MAIN, {"slipway.yaml": WITHOUT_PACKAGE.encode(), **files}, by=ADA)
    refresh_configuration(slipway.app, "other", commit, 1)

    assert slipway.state(ServiceKey("other", "delivery")).policy is not None
    assert len(in_force(slipway).services) == 2


def test_a_file_that_nobody_can_read_is_a_fault(slipway: Harness) -> None:
    """A link that leads out, a pointer of Git LFS: the last good one stays, and pushes go on being looked at."""
    before = in_force(slipway)
    slipway.outside.troubles.add("source.file slipway.yaml", Permanent("slipway.yaml is a link that leads out"))
    push(slipway, SLIPWAY_YAML + "# changed\n")

    assert found(slipway).faults == ("slipway.yaml is a link that leads out",)
    assert in_force(slipway) == before


@pytest.mark.parametrize("error", [Permanent("ours", ours=True), NotFound("the commit is gone")])
def test_what_is_no_fault_of_the_file_is_tried_again(slipway: Harness, error: Permanent) -> None:
    """Nobody can mend it in the file."""
    slipway.outside.troubles.add("source.file slipway.yaml", error)

    with pytest.raises(Permanent):
        push(slipway, SLIPWAY_YAML + "# changed\n")
