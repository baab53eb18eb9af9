"""Every route is asked what its document allows, and what it does not: nothing fails, and every answer is as promised."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
)

from tests.support.api_document import closed, narrowed, served
from tests.support.doors import HOOK_SECRET, REGISTRY_SECRET, Doors, signed_in
from tests.support.fuzzing import many
from tests.support.lively import worth_asking

pytestmark = pytest.mark.slow

REGISTRY = "/api/hooks/registry"
SECRETS = {"/api/hooks/git": HOOK_SECRET, REGISTRY: REGISTRY_SECRET}
# What is asked at random seldom fits how things stand, which is no fault of its form.
ACCEPTED = ["2xx", 401, 403, 404, 409]
REFUSED = [400, 401, 403, 404, 405, 409, 413]
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"with-security-parameters": False, "allow-extra-parameters": False},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ACCEPTED},
            "negative_data_rejection": {"expected-statuses": REFUSED},
        },
    }
)
DOCUMENT = closed(served())
HITS = schemathesis.openapi.from_dict(narrowed(DOCUMENT, worth_asking()), config=CONFIG)
ANYTHING = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
# A hook may say more than is read, and a registry many things that mean nothing to us. A hold may not end before it begins,
# and an author goes with one gate alone, which no schema says. Of a repository that is not there a list shows nothing.
LENIENT: dict[str, list[CheckFunction]] = {
    **{path: [negative_data_rejection] for path in ("/", "/api/services", "/api/mark")},
    **{path: [negative_data_rejection] for path in SECRETS},
    "/api/holds": [positive_data_acceptance],
    "/api/services/{service}/environments/{environment}/override": [positive_data_acceptance],
}


def headers_of(path: str, who: str) -> dict[str, str]:
    """The key of a person, the type that writes have to name, and a hook's secret."""
    return {
        **signed_in(who),
        "Content-Type": "application/json",
        **({"X-Slipway-Secret": SECRETS[path]} if path in SECRETS else {}),
    }


@HITS.parametrize()
@many(20)
def test_what_is_asked_of_what_is_there(case: schemathesis.Case[Any], doors: Doors) -> None:
    """By somebody who may do everything; what follows from it happens before the next question."""
    case.call_and_validate(
        base_url=doors.url, headers=headers_of(case.path, "max"), excluded_checks=LENIENT.get(case.path)
    )
    doors.slipway.pump()


@ANYTHING.parametrize()
@many(8)
def test_what_is_asked_of_anything(case: schemathesis.Case[Any], doors: Doors) -> None:
    """By somebody who may only read and approve."""
    answer = case.call(base_url=doors.url, headers=headers_of(case.path, "rita"))

    case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])
    doors.slipway.pump()
