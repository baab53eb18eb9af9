"""A service's policy ↔ stored bytes."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.plan import decode_plan, encode_plan
from shared.codec.primitives import Json, dump, read, service_key, span_number
from shared.domain.policy import BuildPolicy, Patterns, Queueing, ServicePolicy, TriggerPolicy

SCHEMA = 1


def encode_policy(policy: ServicePolicy) -> bytes:
    """Return a service's policy as it is stored."""
    return dump(SCHEMA, encode_policy_values(policy))


def decode_policy(data: bytes) -> ServicePolicy:
    """Read a service's policy; raise UnreadableRecord."""
    return read("policy", SCHEMA, data, decode_policy_values)


def encode_policy_values(policy: ServicePolicy) -> Json:
    """A service's policy as an object, for a message."""
    values: Json = {
        "service": str(policy.service),
        "path": policy.path,
        "chart": policy.chart,
        "registry": policy.registry,
        "image_repository": policy.image_repository,
        "chart_repository": policy.chart_repository,
        "triggers": _encode_triggers(policy.triggers),
        "build": _encode_build(policy.build),
        "queueing": policy.queueing,
        "build_deadline": span_number(policy.build_deadline),
        "digest": policy.digest,
        "commit": policy.commit,
    }
    if policy.environments:
        values["environments"] = [encode_plan(environment) for environment in policy.environments]
    return values


def decode_policy_values(fields: Fields) -> ServicePolicy:
    """See encode_policy_values."""
    return ServicePolicy(
        service=service_key(fields, "service"),
        path=fields.text("path"),
        chart=fields.text("chart"),
        registry=fields.text("registry"),
        image_repository=fields.text("image_repository"),
        chart_repository=fields.text("chart_repository"),
        environments=fields.many("environments", decode_plan),
        triggers=fields.one("triggers", _decode_triggers),
        build=fields.one("build", _decode_build),
        queueing=fields.word("queueing", Queueing),
        build_deadline=fields.span("build_deadline"),
        digest=fields.text("digest"),
        commit=fields.text("commit"),
    )


def _encode_triggers(triggers: TriggerPolicy) -> Json:
    return {
        "branches": _encode_patterns(triggers.branches),
        "paths": _encode_patterns(triggers.paths),
        "follow_links": triggers.follow_links,
        "batch": triggers.batch,
    }


def _decode_triggers(fields: Fields) -> TriggerPolicy:
    return TriggerPolicy(
        branches=fields.one("branches", _decode_patterns),
        paths=fields.one("paths", _decode_patterns),
        follow_links=fields.flag("follow_links"),
        batch=fields.flag("batch"),
    )


def _encode_patterns(patterns: Patterns) -> Json:
    values: Json = {}
    if patterns.include:
        values["include"] = patterns.include
    if patterns.exclude:
        values["exclude"] = patterns.exclude
    return values


def _decode_patterns(fields: Fields) -> Patterns:
    return Patterns(include=fields.texts("include"), exclude=fields.texts("exclude"))


def _encode_build(build: BuildPolicy) -> Json:
    values: Json = {}
    if build.args:
        values["args"] = build.args
    if build.test is not None:
        values["test"] = build.test
    if build.test_target is not None:
        values["test_target"] = build.test_target
    if build.env:
        values["env"] = build.env
    if build.dockerfile is not None:
        values["dockerfile"] = build.dockerfile
    if build.context is not None:
        values["context"] = build.context
    return values


def _decode_build(fields: Fields) -> BuildPolicy:
    return BuildPolicy(
        test=fields.maybe_text("test"),
        test_target=fields.maybe_text("test_target"),
        args=fields.pairs("args"),
        env=fields.texts("env"),
        dockerfile=fields.maybe_text("dockerfile"),
        context=fields.maybe_text("context"),
    )
