"""Writes take JSON that says it is JSON: a form, which any site's page can send, changes nothing."""

from __future__ import annotations

import json

import pytest

import function_app
from functions.helpers.described import describes, routes
from shared.openapi.document import Route
from tests.support.app_parts import Harness
from tests.support.doors import Doors

WHERE = "/api/services/delivery"


@pytest.mark.parametrize(
    "said",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"],
)
def test_attack_a_form_of_another_site_writes(doors: Doors, slipway: Harness, said: str) -> None:
    """Whatever a browser does not say of where it is from: a page needs nobody's leave to send a form."""
    slipway.release_to("1.0.0", approve=False)
    refused = doors.post(f"{WHERE}/releases/1.0.0/abort", {}, who="max", headers={"Content-Type": said})

    assert (refused.status, refused.json()["code"], refused.json()["field"]) == (415, "not-json", "Content-Type")
    assert "send application/json, also where there is no body" in refused.json()["detail"]
    assert slipway.release("1.0.0").phase == "Packaged"


@pytest.mark.parametrize("said", ["application/json", "Application/JSON", "application/json; charset=utf-8"])
def test_json_is_json_however_it_is_written(doors: Doors, slipway: Harness, said: str) -> None:
    """Media types know no case, and may say more."""
    slipway.release_to("1.0.0", approve=False)

    assert doors.post(f"{WHERE}/releases/1.0.0/abort", {}, who="max", headers={"Content-Type": said}).status == 202


def test_every_write_of_a_person_asks_for_json(doors: Doors) -> None:
    """And the API's document says so."""
    document = json.loads(doors.get("/api/openapi.json").body)
    writes = [one for one in _routes() if one.methods[0] != "get" and one.operation.who != "secret"]

    for one in writes:
        path = one.path.replace("{", "").replace("}", "").replace("number", "1")
        answer = doors.send(one.methods[0].upper(), path, {}, who="max", headers={"Content-Type": "text/plain"})
        assert (one.name, answer.status) == (one.name, 415)
        assert "415" in document["paths"][one.path][one.methods[0]]["responses"], one.name
    assert len(writes) > 10


def _routes() -> list[Route]:
    describes(lambda: function_app.make(frozenset()).get_functions())
    return list(routes())
