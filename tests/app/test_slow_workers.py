"""Workers that were slow: what they write late never undoes what a faster one wrote."""

from __future__ import annotations

from shared.app.configuration import configuration, policy_in_force, refresh_configuration
from shared.codec.repository import CONFIG, SERVICE
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
