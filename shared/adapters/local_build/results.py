"""A finished build's result in a file, so that whoever asks again is told the same."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from shared.domain.names import Digest
from shared.domain.policy import Severity
from shared.ports.builder import BuildOutcome, BuildResult, ScanResult, Step, StepResult, TestCounts, WouldBlock

_SCHEMA = 2


def keep(file: Path, result: BuildResult) -> None:
    """Write a result, whole or not at all."""
    document = {
        **asdict(result),
        "schema": _SCHEMA,
        "image_digest": str(result.image_digest) if result.image_digest else None,
        "chart_digest": str(result.chart_digest) if result.chart_digest else None,
    }
    new = file.with_suffix(".new")
    with new.open("w") as stream:
        json.dump(document, stream, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def kept(file: Path) -> BuildResult | None:
    """Read a result; None where there is none that this code can read, and then the build is done again."""
    try:
        document = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    if document["schema"] != _SCHEMA:
        return None
    tests, scan = document["tests"], document["scan"]
    return BuildResult(
        outcome=BuildOutcome(document["outcome"]),
        reason=document["reason"],
        steps=tuple(
            StepResult(**{**each, "step": Step(each["step"]), "outcome": BuildOutcome(each["outcome"])})
            for each in document["steps"]
        ),
        tests=None if tests is None else TestCounts(**tests),
        scan=None if scan is None else _scan(**scan),
        image_digest=_digest(document["image_digest"]),
        chart_digest=_digest(document["chart_digest"]),
        would_block=tuple(_would_block(**each) for each in document["would_block"]),
        tagged=document["tagged"],
    )


def _would_block(environment: str, reason: str, every: Sequence[str] = ()) -> WouldBlock:
    return WouldBlock(environment=environment, reason=reason, every=tuple(every))


def _scan(worst: str | None, reason: str, by_change: bool) -> ScanResult:
    return ScanResult(worst=None if worst is None else Severity(worst), reason=reason, by_change=by_change)


def _digest(text: str | None) -> Digest | None:
    return None if text is None else Digest(text)
