"""Workers that were slow: what they write late never undoes what a faster one wrote."""

from __future__ import annotations

from shared.app.hook_events.configuration import configuration, policy_in_force, refresh_configuration
from shared.app.views.health import health
from shared.codec.repository import CONFIG, SERVICE, SHOWN
from shared.ports.policies import PolicyReader
from tests.support.app_parts import Harness
from tests.support.outside import MAIN, SHIPPING, SLIPWAY_YAML

STRICT = SLIPWAY_YAML.replace("minimum: 1", "minimum: 2").encode()


def minimum(slipway: Harness) -> int:
    """How many approvals production asks for, by the configuration in force."""
    policy = policy_in_force(slipway.app, SHIPPING)
    assert policy is not None
    production = policy.services[0].environment("production")
    assert production is not None
    assert production.approval is not None
    return production.approval.minimum


def test_an_older_configuration_is_not_put_back_after_a_newer_one(slipway: Harness) -> None:
    """The worker that began first ended last."""
    old = slipway.outside.source.refs(SHIPPING)[MAIN]
    new = slipway.outside.commit(MAIN, {"slipway.yaml": STRICT})
    refresh_configuration(slipway.app, SHIPPING, new, 2)

    refresh_configuration(slipway.app, SHIPPING, old, 1)

    assert minimum(slipway) == 2


def test_a_worker_that_is_overtaken_while_it_compiles_writes_nothing_that_counts(slipway: Harness) -> None:
    """The row is written only as it was read."""
    old = slipway.outside.source.refs(SHIPPING)[MAIN]
    new = slipway.outside.commit(MAIN, {"slipway.yaml": STRICT})
    reader: PolicyReader = slipway.app.policies
    app = slipway.app

    class Overtaken:
        """Reads policy while another worker puts a newer one in force."""

        def compile(self, *args: object, **kwargs: object) -> object:
            """See PolicyReader."""
            refresh_configuration(app, SHIPPING, new, 3)
            return reader.compile(*args, **kwargs)  # type: ignore[arg-type] # handed on as they came

    slipway.wrap(policies=Overtaken())
    refresh_configuration(slipway.app, SHIPPING, old, 2)
    slipway.wrap(policies=reader)

    found = configuration(slipway.app, SHIPPING)
    assert found is not None
    assert (found.number, minimum(slipway)) == (3, 2)


def test_policies_that_are_not_in_force_any_more_are_not_kept(slipway: Harness) -> None:
    """Their rows would grow with every change of the file."""
    slipway.outside.commit(MAIN, {"slipway.yaml": STRICT})
    slipway.push(MAIN, {"y": b"1"})

    row = slipway.app.rows.get(SHIPPING, CONFIG)
    assert row is not None
    assert len(slipway.app.rows.list(SHIPPING, prefix=SERVICE)) == 2


def test_what_pages_show_of_a_configuration_is_the_latest(slipway: Harness) -> None:
    """A worker puts a configuration in force, and a faster one a faulty one before the first has shown its own."""
    rows, app = slipway.app.rows, slipway.app
    old = slipway.outside.source.refs(SHIPPING)[MAIN]
    new = slipway.outside.commit(MAIN, {"slipway.yaml": b"version: 9"})

    class Beaten:
        """Lets the faster worker in just before the first one shows what it has put in force."""

        def __getattr__(self, name: str) -> object:
            return getattr(rows, name)

        def put(self, partition: str, key: str, value: bytes, *, etag: str | None) -> str:
            """See Rows."""
            if partition == SHOWN:
                refresh_configuration(app, SHIPPING, new, 3)
            return rows.put(partition, key, value, etag=etag)

    slipway.wrap(rows=Beaten())
    refresh_configuration(slipway.app, SHIPPING, old, 2)

    [shown] = health(app).repositories
    assert shown.configuration.faulty_commit == new


def test_what_an_older_slipway_wrote_is_shown_too(slipway: Harness) -> None:
    """It kept what is shown of a configuration nowhere but in the configuration itself."""
    slipway.outside.commit(MAIN, {"slipway.yaml": b"version: 9"})
    slipway.tick()
    before = health(slipway.app)
    [row] = slipway.app.rows.list(SHOWN)
    slipway.app.rows.delete(SHOWN, row.key, etag=row.etag)

    assert health(slipway.app) == before
    assert before.status == "degraded"
