"""Builds, their results and pushes ↔ JSON."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.primitives import Json, decode_person, dump, encode_person, maybe_digest, read, time_text, whole
from shared.domain.artifact import Artifact
from shared.domain.build import (
    BuildOutcome,
    BuildResult,
    BuildRun,
    ReportedBuild,
    ScanResult,
    Step,
    StepResult,
    TestCounts,
    WouldBlock,
)
from shared.domain.names import Digest
from shared.domain.policy import Severity
from shared.domain.release import Push

SCHEMA = 1

_OF_ARTIFACT = "artifact"


def encode_build(build: ReportedBuild) -> bytes:
    """Return a build that ended as it is stored."""
    values: Json = {
        "number": whole(build.number),
        "attempt": whole(build.attempt),
        "ref": build.ref,
        "commit": build.commit,
        "since": time_text(build.since),
        "at": time_text(build.at),
        "result": encode_result(build.result),
    }
    if build.version:
        values["version"] = build.version
    return dump(SCHEMA, values)


def decode_build(data: bytes) -> ReportedBuild:
    """Read a build that ended; raise UnreadableRecord."""
    return read("build", SCHEMA, data, _decode_build)


def _decode_build(fields: Fields) -> ReportedBuild:
    return ReportedBuild(
        number=fields.number("number"),
        attempt=fields.number("attempt"),
        ref=fields.text("ref"),
        commit=fields.text("commit"),
        version=fields.text("version", ""),
        since=fields.time("since"),
        at=fields.time("at"),
        result=fields.one("result", decode_result),
    )


def encode_run(run: BuildRun) -> Json:
    """A running build as an object."""
    return {
        "number": whole(run.number),
        "attempt": whole(run.attempt),
        "commit": run.commit,
        "since": time_text(run.since),
        "deadline": time_text(run.deadline),
    }


def decode_run(fields: Fields) -> BuildRun:
    """See encode_run."""
    return BuildRun(
        number=fields.number("number"),
        attempt=fields.number("attempt"),
        commit=fields.text("commit"),
        since=fields.time("since"),
        deadline=fields.time("deadline"),
    )


def encode_push(push: Push) -> Json:
    """A push as an object."""
    values: Json = {"commit": push.commit, "number": whole(push.number)}
    if push.pushed_by is not None:
        values["pushed_by"] = encode_person(push.pushed_by)
    return values


def decode_push(fields: Fields) -> Push:
    """See encode_push."""
    return Push(
        commit=fields.text("commit"),
        number=fields.number("number"),
        pushed_by=fields.maybe("pushed_by", decode_person),
    )


def encode_result(result: BuildResult, artifact: Artifact | None = None) -> Json:
    """A build's result as an object; its digests are left out where they are those of the artifact beside it."""
    values: Json = {"outcome": result.outcome}
    if result.reason:
        values["reason"] = result.reason
    if result.steps:
        values["steps"] = [_encode_step(step) for step in result.steps]
    if result.tests is not None:
        tests = result.tests
        values["tests"] = {
            "passed": whole(tests.passed),
            "failed": whole(tests.failed),
            "skipped": whole(tests.skipped),
        }
    if result.scan is not None:
        values["scan"] = _encode_scan(result.scan)
    if result.would_block:
        values["would_block"] = [(one.environment, one.reason) for one in result.would_block]
    if result.tagged:
        values["tagged"] = True
    if artifact is not None and _digests(artifact) == _digests(result):
        values["digests"] = _OF_ARTIFACT
        return values
    if result.image_digest is not None:
        values["image_digest"] = result.image_digest.text
    if result.chart_digest is not None:
        values["chart_digest"] = result.chart_digest.text
    return values


def _digests(holder: BuildResult | Artifact) -> tuple[Digest | None, Digest | None]:
    return holder.image_digest, holder.chart_digest


def decode_result(fields: Fields, artifact: Artifact | None = None) -> BuildResult:
    """See encode_result."""
    if "digests" in fields:
        if fields.text("digests") != _OF_ARTIFACT or artifact is None:
            raise fields.damaged("digests", "names no artifact beside the result")
        image, chart = _digests(artifact)
    else:
        image, chart = maybe_digest(fields, "image_digest"), maybe_digest(fields, "chart_digest")
    return BuildResult(
        outcome=fields.word("outcome", BuildOutcome),
        reason=fields.text("reason", ""),
        steps=fields.many("steps", _decode_step),
        tests=fields.maybe("tests", _decode_tests),
        scan=fields.maybe("scan", _decode_scan),
        image_digest=image,
        chart_digest=chart,
        would_block=tuple(
            WouldBlock(environment=environment, reason=reason) for environment, reason in fields.pairs("would_block")
        ),
        tagged=fields.flag("tagged", False),
    )


def _encode_step(step: StepResult) -> Json:
    values: Json = {"step": step.step, "output": step.output, "ms": whole(step.milliseconds)}
    if step.outcome is not BuildOutcome.SUCCEEDED:
        values["outcome"] = step.outcome
    if step.reason:
        values["reason"] = step.reason
    return values


def _decode_step(fields: Fields) -> StepResult:
    return StepResult(
        step=fields.word("step", Step),
        outcome=fields.word("outcome", BuildOutcome, BuildOutcome.SUCCEEDED),
        output=fields.text("output"),
        milliseconds=fields.number("ms"),
        reason=fields.text("reason", ""),
    )


def _decode_tests(fields: Fields) -> TestCounts:
    return TestCounts(passed=fields.number("passed"), failed=fields.number("failed"), skipped=fields.number("skipped"))


def _encode_scan(scan: ScanResult) -> Json:
    values: Json = {}
    if scan.worst is not None:
        values["worst"] = scan.worst
    if scan.reason:
        values["reason"] = scan.reason
    if scan.by_change:
        values["by_change"] = True
    return values


def _decode_scan(fields: Fields) -> ScanResult:
    return ScanResult(
        worst=fields.maybe_word("worst", Severity),
        reason=fields.text("reason", ""),
        by_change=fields.flag("by_change", False),
    )
