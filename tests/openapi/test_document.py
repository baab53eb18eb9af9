"""The API's document: all that is registered, nothing else, and valid."""

from __future__ import annotations

import copy
import re
import sys
from typing import Any

import pytest
from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

import function_app
from shared.domain.state.build import BuildOutcome
from shared.domain.values.reading import NOT_BLANK
from tests.support.api_document import operations, served

pytestmark = pytest.mark.pure


def at(found: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    """One operation."""
    operation: dict[str, Any] = found["paths"][path][method]
    return operation


def at_reference(found: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The component that a schema points to."""
    component: dict[str, Any] = found["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return component


def record(found: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """What a body is read as."""
    return at_reference(found, body["content"]["application/json"]["schema"])


def test_the_document_is_valid() -> None:
    """By somebody else's validator, which sees a fault that is put in."""
    found = served()
    broken = copy.deepcopy(found)
    del at(broken, "/api/services/{service}", "get")["parameters"][0]

    validate(found)

    with pytest.raises(OpenAPIValidationError):
        validate(broken)


def test_it_has_every_function_that_answers_http_and_no_other() -> None:
    """By its name, route and methods, as the platform reads them."""
    registered = {
        (str(one.get_function_name()), f"/{binding['route'].strip('/')}", str(method).lower())
        for one in function_app.make(frozenset()).get_functions()
        if (binding := trigger_of(one))["type"] == "httpTrigger"
        for method in binding["methods"]
    }

    assert {(one["operationId"], path, method) for path, method, one in operations(served())} == registered
    assert len(registered) > 30


def trigger_of(function: Any) -> dict[str, Any]:
    """A function's trigger, as host and platform are told of it."""
    found: dict[str, Any] = function.get_trigger().get_dict_repr()
    return found


def test_every_operation_is_good_to_read() -> None:
    """A generated client has names and comments, and each tag is explained."""
    found = served()
    tags = {one["name"] for one in found["tags"]}

    for _, _, one in operations(found):
        assert one["summary"]
        assert set(one["tags"]) <= tags
        assert all(each["description"] for each in one.get("parameters", ()))
        assert all("example" in each for each in one.get("parameters", ()) if each["in"] != "query")


def test_a_body_reads_as_its_parser_reads_it() -> None:
    """Required fields, words, forms, lengths, and whether others are refused."""
    found = served()
    answer = at(found, "/api/services/{service}/approvals/{request}", "post")["requestBody"]
    rollback = at(found, "/api/services/{service}/environments/{environment}/rollback", "post")["requestBody"]
    retry = at(found, "/api/services/{service}/releases/{version}/retry", "post")["requestBody"]
    git = at(found, "/api/hooks/git", "post")["requestBody"]

    schema, back, pushed = (record(found, one) for one in (answer, rollback, git))
    assert schema["properties"]["decision"] == {"enum": ["approve", "reject"]}
    assert (schema["required"], schema["additionalProperties"], answer["required"]) == (["decision"], False, True)
    assert back["required"] == ["reason"]
    assert back["properties"]["reason"] == {"type": "string", "maxLength": 2000, "pattern": NOT_BLANK}
    to, null = back["properties"]["to"]["anyOf"]
    assert (null["type"], to["maxLength"]) == ("null", 100)
    assert to["pattern"].endswith(")?)$")
    assert retry["required"] is False
    assert found["components"]["schemas"]["MovedRef"]["required"] == ["ref"]
    assert pushed["properties"]["refs"]["minItems"] == 1
    assert "additionalProperties" not in pushed
    assert git["content"]["application/json"]["example"]["repository"] == "shipping"


def test_a_hook_that_takes_several_bodies_names_each_with_an_example() -> None:
    """By its reader, in the order in which they are told apart."""
    found = served()
    body = at(found, "/api/hooks/registry", "post")["requestBody"]
    content = body["content"]["application/json"]
    distribution, acr, hub = (at_reference(found, one) for one in content["schema"]["anyOf"])

    assert body["required"]
    assert list(content["examples"]) == ["registry_hook", "acr_hook", "docker_hub"]
    assert (distribution["required"], acr["required"]) == (["events"], ["id", "action"])
    assert hub["required"] == ["push_data", "repository"]
    pushed = at_reference(found, hub["properties"]["push_data"])
    assert [one["type"] for one in pushed["properties"]["pushed_at"]["anyOf"]] == ["integer", "number", "null"]
    assert content["examples"]["docker_hub"]["value"]["push_data"]["tag"] == "v1.0.2"


def test_who_may_follows_into_security_and_answers() -> None:
    """Anybody needs nothing; a hook has its secret, and one also as a bearer token; a person may be refused."""
    found = served()
    health, holds = at(found, "/api/health", "get"), at(found, "/api/holds", "post")
    git, registry = at(found, "/api/hooks/git", "post"), at(found, "/api/hooks/registry", "post")

    assert health["security"] == []
    assert holds["security"] == [{"person": []}]
    assert git["security"] == [{"secret": []}]
    assert registry["security"] == [{"secret": []}, {"secretAsBearer": []}, {"secretAsCode": []}]
    assert "403" in holds["responses"]
    assert "403" not in health["responses"]
    assert "Idempotency-Key" in [one["name"] for one in holds["parameters"]]


def test_what_words_there_are_is_told() -> None:
    """From the same sets that the rules have."""
    schemas = served()["components"]["schemas"]

    assert "RolledBack" in schemas["Phase"]["enum"]
    assert schemas["Promotion"]["properties"]["phase"] == {"$ref": "#/components/schemas/Phase"}
    assert schemas["Build"]["properties"]["outcome"]["enum"] == [*BuildOutcome, "running"]
    assert schemas["Release"]["properties"]["artifact"]["anyOf"][1] == {"type": "null"}
    assert schemas["Hold"]["properties"]["until"]["anyOf"][0] == {"type": "string", "format": "date-time"}


def test_what_a_parser_takes_for_blank_is_blank_to_the_document_as_well() -> None:
    """Also for readers whose `\\s` is ECMAScript's, which knows fewer of them."""
    blank = [chr(number) for number in range(sys.maxunicode + 1) if chr(number).isspace()]
    ecma_script = "[\\t\\n\\v\\f\\r \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
    theirs = re.compile(NOT_BLANK.replace(r"\S", r"[^\s]").replace(r"[^\s", ecma_script.replace("[", "[^")))

    assert [one for one in blank if theirs.search(one)] == []
    assert theirs.search("a")
