"""Releases ↔ stored bytes."""

from __future__ import annotations

from shared.codec.artifact import ArtifactTable
from shared.codec.build import decode_push, decode_result, decode_run, encode_push, encode_result, encode_run
from shared.codec.fields import Fields
from shared.codec.primitives import (
    Json,
    decode_person,
    dump,
    encode_person,
    maybe_digest,
    read,
    time_text,
    version,
    whole,
)
from shared.codec.promotion import decode_promotion, encode_promotion
from shared.codec.written import Written
from shared.domain.phases import ReleasePhase
from shared.domain.release import Override, Release, Tagging

SCHEMA = 2
_WITHOUT_CORRELATION = 1
_RESULTS = Written(encode_result, 1024)


def encode_release(release: Release) -> bytes:
    """Return a release, open or ended, as it is stored."""
    artifacts = ArtifactTable()
    values: Json = {
        "version": release.version.text,
        "ref": release.ref,
        "commit": release.commit,
        "phase": release.phase,
        "since": time_text(release.since),
        "created": time_text(release.created),
    }
    if release.reason:
        values["reason"] = release.reason
    if release.pushed_by is not None:
        values["pushed_by"] = encode_person(release.pushed_by)
    if release.pushers:
        values["pushers"] = [encode_person(one) for one in release.pushers]
    if release.build is not None:
        values["build"] = encode_run(release.build)
    if release.result is not None:
        values["result"] = _RESULTS(release.result, release.artifact)
    if release.built:
        values["built"] = whole(release.built)
    if release.artifact is not None:
        values["artifact"] = artifacts.place(release.artifact)
    if release.promotions:
        values["promotions"] = [encode_promotion(promotion, artifacts) for promotion in release.promotions]
    if release.overrides:
        values["overrides"] = [_encode_override(override) for override in release.overrides]
    _add_unusual(values, release)
    _add_tagging(values, release, artifacts)
    artifacts.add_to(values)
    return dump(SCHEMA if release.correlation else _WITHOUT_CORRELATION, values)


def _add_unusual(values: Json, release: Release) -> None:
    if release.correlation:
        values["correlation"] = release.correlation
    if release.unnamed:
        values["unnamed"] = release.unnamed
    if release.next_push is not None:
        values["next_push"] = encode_push(release.next_push)
    if release.early_image is not None:
        values["early_image"] = release.early_image.text
    if release.tags_asked:
        values["tags_asked"] = whole(release.tags_asked)
    if release.quarantine:
        values["quarantine"] = release.quarantine
    if release.branch_deleted:
        values["branch_deleted"] = True


def _add_tagging(values: Json, release: Release, artifacts: ArtifactTable) -> None:
    if release.tagging is not None:
        tagging = release.tagging
        values["tagging"] = {"since": time_text(tagging.since), "deadline": time_text(tagging.deadline)}
    if release.lost is not None:
        values["lost"] = artifacts.place(release.lost)
    if release.tags_put:
        values["tags_put"] = whole(release.tags_put)


def decode_release(data: bytes) -> Release:
    """Read a release; raise UnreadableRecord."""
    return read("release", SCHEMA, data, _decode_release)


def _decode_release(fields: Fields) -> Release:
    artifacts = ArtifactTable.of(fields)
    artifact = artifacts.at(fields, "artifact") if "artifact" in fields else None
    return Release(
        version=version(fields, "version"),
        ref=fields.text("ref"),
        commit=fields.text("commit"),
        phase=fields.word("phase", ReleasePhase),
        reason=fields.text("reason", ""),
        since=fields.time("since"),
        created=fields.time("created"),
        correlation=fields.text("correlation", ""),
        pushed_by=fields.maybe("pushed_by", decode_person),
        pushers=fields.many("pushers", decode_person),
        unnamed=fields.texts("unnamed"),
        build=fields.maybe("build", decode_run),
        result=fields.maybe("result", lambda result: decode_result(result, artifact)),
        built=fields.number("built", 0),
        artifact=artifact,
        next_push=fields.maybe("next_push", decode_push),
        early_image=maybe_digest(fields, "early_image"),
        tagging=fields.maybe("tagging", _decode_tagging),
        lost=artifacts.at(fields, "lost") if "lost" in fields else None,
        tags_asked=fields.number("tags_asked", 0),
        tags_put=fields.number("tags_put", 0),
        quarantine=fields.text("quarantine", ""),
        branch_deleted=fields.flag("branch_deleted", False),
        overrides=fields.many("overrides", _decode_override),
        promotions=fields.many("promotions", lambda promotion: decode_promotion(promotion, artifacts)),
    )


def _decode_tagging(fields: Fields) -> Tagging:
    return Tagging(since=fields.time("since"), deadline=fields.time("deadline"))


def _encode_override(override: Override) -> Json:
    values: Json = {
        "environment": override.environment,
        "gate": override.gate,
        "person": encode_person(override.person),
        "reason": override.reason,
        "at": time_text(override.at),
    }
    if override.holds is not None:
        values["holds"] = [time_text(one) for one in override.holds]
    if override.unknown:
        values["unknown"] = override.unknown
    if override.authors:
        values["authors"] = override.authors
    if override.used_by is not None:
        values["used_by"] = whole(override.used_by)
    return values


def _decode_override(fields: Fields) -> Override:
    return Override(
        environment=fields.text("environment"),
        gate=fields.text("gate"),
        person=fields.one("person", decode_person),
        reason=fields.text("reason"),
        at=fields.time("at"),
        holds=fields.maybe_times("holds"),
        unknown=fields.texts("unknown"),
        authors=fields.texts("authors"),
        used_by=fields.maybe_number("used_by"),
    )
