"""What the documents say of slipway.yaml, of the settings and of host.json is what is read."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import get_args

import pytest
from pydantic.fields import FieldInfo

from shared.config import Settings
from shared.domain.policies.policy import GitOpsTarget, ServicePolicy
from shared.domain.values.placeholders import PLACEHOLDERS
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.inbound.slipway_yaml.models import Environment, FileHead, Freeze, Part, Service
from tests.support.cluster.names import CONTEXT, DISPOSABLE
from tests.support.documents import AZURE, CONFIGURATION, README, code_in, coded, documents, rows, text
from tests.support.tree import ROOT

MODELS: dict[str, type[Part]] = {
    "top level": FileHead,
    "services.<name>.": Service,
    "environments.<name>.": Environment,
    "freezes[].": Freeze,
}
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}


def tables() -> dict[str, dict[str, str]]:
    """Keys and their defaults by the prefix in the table's head; a row may be about several keys."""
    found: dict[str, dict[str, str]] = {}
    for prefix, body in re.findall(
        r"^\| `([^`]*)` \| Default \| Means \|\n\|[-|]+\|\n((?:\|.*\n)+)", text(CONFIGURATION), re.M
    ):
        lines = [line.strip("|").split("|")[:2] for line in body.splitlines()]
        told = [(key, default.strip()) for names, default in lines for key in re.findall(r"`([^`]+)`", names)]
        assert len(told) == len(dict(told)), f"a key of {prefix} is listed twice"
        found[prefix.strip()] = dict(told)
    return found


def keys(model: type[Part], before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Keys that hold a value, by their path."""
    for name, field in model.model_fields.items():
        inner = _part_in(field.annotation)
        if inner is not None:
            yield from keys(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}", field


def _part_in(annotation: object) -> type[Part] | None:
    kinds = get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Part)), None)


def written(value: object) -> str:
    """A default as it is written in the file; a duration in seconds, as there are several ways to write one."""
    match value:
        case timedelta():
            return f"{value // UNITS['s']}s"
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case [only]:
            return str(only)
        case _:
            return str(value)


def plain(default: str) -> str:
    """A default from a table, without its marks and with durations in seconds."""
    text = default.strip("`")
    duration = re.fullmatch(r"(\d+)([dhms])", text)
    return f"{int(duration[1]) * UNITS[duration[2]] // UNITS['s']}s" if duration else text


@pytest.mark.parametrize("prefix", MODELS)
def test_every_key_is_listed_and_no_other(prefix: str) -> None:
    """So that nobody has to read the models."""
    assert tables()[prefix].keys() == {key for key, _ in keys(MODELS[prefix])}


@pytest.mark.parametrize("prefix", MODELS)
def test_every_default_is_the_one_that_holds(prefix: str) -> None:
    """Where a model has none, the table says in words what happens instead."""
    told = tables()[prefix]
    fields = dict(keys(MODELS[prefix]))
    known = {
        key: written(field.default)
        for key, field in fields.items()
        if not field.is_required() and field.default is not None
    }

    assert {key: plain(told[key]) for key in known} == known
    assert {key for key, default in told.items() if default == "required"} == {
        key for key, field in fields.items() if field.is_required()
    }
    assert all(told.values())


def examples(document: Path) -> list[str]:
    """Whole files in a document."""
    return re.findall(r"```yaml\n(version: 1\n.*?)```", text(document), re.S)


def compiled(example: str) -> dict[str, ServicePolicy]:
    """An example as on no local host: nothing is added to it."""
    found = SlipwayYaml().compile(example.encode(), repository="shop", commit="0" * 40, files=())
    return {policy.service.service: policy for policy in found.services}


def annotated() -> ServicePolicy:
    """The service of the example that explains the file."""
    [example] = examples(CONFIGURATION)
    return compiled(example)["delivery"]


def test_the_least_file_is_enough_on_one_machine() -> None:
    """Folders say the rest, and the local host brings registry and environments."""
    files = ("src/delivery/Dockerfile", "charts/delivery/Chart.yaml")
    here = SlipwayYaml(local_deploy=GitOpsTarget(repository="environments.git"), default_registry="localhost:5000")
    [least] = examples(README)
    found = here.compile(least.encode(), repository="shop", commit="0" * 40, files=files)

    assert [(one.path, one.chart, one.build.test) for one in found.services] == [
        ("src/delivery", "charts/delivery", "python -m unittest")
    ]


def test_the_annotated_example_is_a_good_file() -> None:
    """It compiles, and its sections arrive where they should."""
    policy = annotated()
    production = policy.environment("production")

    assert [one.name for one in policy.environments] == ["qa", "production"]
    assert production is not None
    assert production.registry_namespace == "prod"
    assert production.approval is not None
    assert len(production.freezes) == 1


def test_the_settings_that_the_example_shows_are_the_default_ones() -> None:
    """The table calls them so for an environment without `set`."""
    policy = annotated()
    left_out, shown = policy.environment("qa"), policy.environment("production")

    assert left_out is not None
    assert shown is not None
    assert left_out.set == shown.set


def test_every_placeholder_is_named_and_no_other() -> None:
    """In the paragraph that explains them."""
    told = re.search(r"\* \*\*Placeholders\*\*.*?Plain braces", text(CONFIGURATION), re.S)
    assert told is not None

    assert re.findall(r"`\{(\w+)\}`", told[0]) == list(PLACEHOLDERS)


def variables() -> dict[str, str]:
    """Every setting with its default."""
    return {name: value for name, value in Settings.from_env({}).to_env().items() if name != "PATH"}


def test_every_setting_is_listed_with_its_default() -> None:
    """`none` and `all` stand for an empty variable."""
    told = {
        coded(name)[0]: "" if default in ("none", "all") else default.strip("`")
        for name, default, _ in rows(AZURE, "Settings")
    }

    assert told == variables()


@pytest.mark.parametrize("document", documents(), ids=str)
def test_a_setting_that_is_named_is_one(document: Path) -> None:
    """`SLIPWAY_LOG` is the local host's own, and tests are told of a cluster by two more."""
    named = {name for code in code_in(document) for name in re.findall(r"SLIPWAY_[A-Z_]+", code)}

    assert named - variables().keys() == named & {"SLIPWAY_LOG", CONTEXT, DISPOSABLE}


def test_what_the_queues_are_set_to_is_told() -> None:
    """Each setting of host.json's queues with its value."""
    queues = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"]
    told = {
        key: value
        for keys, values, _ in rows(AZURE, "host.json")
        for key, value in zip(coded(keys), values.replace("`", "").split(", "), strict=True)
    }

    assert told == {key: re.sub(r"^00:00:0?(\d+)$", r"\1 s", str(value)) for key, value in queues.items()}
