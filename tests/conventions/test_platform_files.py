"""What the Functions worker does not look at, and Azure would only show when it runs: host.json, settings, names, schedules."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

import function_app
from infra.local.host.functions import Functions, read_functions
from infra.local.host.host_json import read_host_json
from shared.config import Settings
from shared.inbound.slipway_yaml.fields import LONGEST_HELM
from tests.support.clock import NOON
from tests.support.tree import ROOT

SPAN = {"type": "string", "pattern": r"^([0-9]+\.)?[0-9]{2}:[0-5][0-9]:[0-5][0-9]$"}


def closed(**properties: Any) -> dict[str, Any]:
    """An object with these members, all required: the platform skips what it does not know, and takes its default."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


# The part of https://json.schemastore.org/host.json that we set, and no more.
# https://learn.microsoft.com/azure/azure-functions/functions-host-json
HOST_JSON = closed(
    version={"const": "2.0"},
    functionTimeout=SPAN,
    # A bundle of version 4 is what queue and Event Grid triggers come with.
    extensionBundle=closed(
        id={"const": "Microsoft.Azure.Functions.ExtensionBundle"}, version={"const": "[4.*, 5.0.0)"}
    ),
    extensions=closed(
        http=closed(routePrefix={"const": ""}),
        queues=closed(
            batchSize={"type": "integer", "minimum": 1, "maximum": 32},
            newBatchThreshold={"type": "integer", "minimum": 0, "maximum": 1000},
            maxPollingInterval=SPAN,
            maxDequeueCount={"type": "integer", "minimum": 2, "maximum": 10},
            visibilityTimeout=SPAN,
            messageEncoding={"const": "none"},
        ),
    ),
    logging={"type": "object"},
)


def host_json() -> dict[str, Any]:
    """What the platform reads."""
    found: dict[str, Any] = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    return found


def sample() -> dict[str, str]:
    """The settings that a developer begins with."""
    found: dict[str, str] = json.loads((ROOT / "local.settings.json.sample").read_text(encoding="utf-8"))["Values"]
    return found


def functions() -> Functions:
    """Every function, with the settings of the sample put in."""
    return read_functions(function_app.make(frozenset()), sample(), read_host_json(ROOT / "host.json"), NOON)


def span(text: str) -> timedelta:
    """A time span as host.json writes it."""
    hours, minutes, seconds = map(int, text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def test_host_json_is_as_the_platform_reads_it() -> None:
    """Without a key that is misspelt."""
    Draft202012Validator(HOST_JSON).validate(host_json())


@pytest.mark.parametrize(("name", "value"), [("messageEncoding", "base64"), ("batchsize", 16), ("batchSize", 64)])
def test_a_wrong_key_or_value_in_host_json_is_seen(name: str, value: object) -> None:
    """The platform would go on with its default, or not start."""
    wrong = host_json()
    wrong["extensions"]["queues"][name] = value

    with pytest.raises(ValidationError):
        Draft202012Validator(HOST_JSON).validate(wrong)


def test_times_in_host_json_fit_together() -> None:
    """A function ends before an hour, and not before Helm does; a failed message waits, but is given up within the time that a person would wait for it."""
    queues = host_json()["extensions"]["queues"]

    assert LONGEST_HELM + timedelta(minutes=5) <= span(host_json()["functionTimeout"]) <= timedelta(hours=1)
    assert timedelta(milliseconds=100) <= span(queues["maxPollingInterval"]) <= timedelta(seconds=5)
    assert timedelta(seconds=10) <= span(queues["visibilityTimeout"])
    assert span(queues["visibilityTimeout"]) * queues["maxDequeueCount"] <= timedelta(minutes=10)


def test_a_worker_has_a_thread_for_each_message_that_a_queue_gives_it() -> None:
    """Flex Consumption gives each queue's function instances of its own.

    Without the setting it has as many as the processor's cores and four, and the others wait while their leases run.
    """
    queues = host_json()["extensions"]["queues"]

    assert int(sample()["PYTHON_THREADPOOL_THREAD_COUNT"]) >= queues["batchSize"] + queues["newBatchThreshold"]


def test_the_functions_are_free_of_what_only_azure_would_notice() -> None:
    """Schedules, routes of one shape, names and queues that are there twice, %SETTINGS% of bindings: or reading them is refused."""
    found = functions()

    assert found.http
    assert found.queues
    assert found.timers


def test_every_queue_has_a_name_that_storage_takes_with_poison_too() -> None:
    """3 to 63 characters: lower-case letters, digits, and hyphens between them."""
    names = [str(one.trigger["queueName"]) for one in functions().queues]

    wrong = [name for name in names if not re.fullmatch(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", f"{name}-poison")]
    assert wrong == []


def test_every_function_has_a_name_that_azure_takes() -> None:
    """It is part of addresses and settings; letters are compared without their case."""
    found = functions()
    names = [one.name for kind in (found.http, found.queues, found.timers, found.events) for one in kind]

    assert [name for name in names if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,126}", name)] == []


def test_every_connection_is_a_setting_or_the_beginning_of_some() -> None:
    """SlipwayStorage is a connection string, or SlipwayStorage__accountName and its like for an identity."""
    found = functions()
    wanted = {str(one.trigger["connection"]) for one in found.queues}

    assert [name for name in wanted if not any(key.partition("__")[0] == name for key in sample())] == []


def test_the_sample_names_settings_that_there_are() -> None:
    """A misspelt one would be read by nobody."""
    ours = {name for name in sample() if name.startswith("SLIPWAY_")}

    assert ours <= Settings().to_env().keys()
    assert Settings.from_env(sample()).storage


def test_the_sample_holds_no_secret() -> None:
    """It is published."""
    assert {name: value for name, value in sample().items() if "SECRET" in name and value} == {}
