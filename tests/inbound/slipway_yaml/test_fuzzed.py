"""Whatever stands in slipway.yaml is compiled or is a list of faults; nothing else comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.policies.policy import GitOpsTarget, RepositoryPolicy
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.inbound.slipway_yaml.document import MOST_BYTES
from shared.ports.policies import BrokenPolicy
from tests.support.fuzzing import ANY_BYTES, many, mutated, spoilt
from tests.support.tree import ROOT

pytestmark = pytest.mark.slow
SAMPLE = (ROOT / "infra/samples/monorepo/slipway.yaml").read_bytes()
FILES = ("src/shipping/delivery/Dockerfile", "charts/delivery/Chart.yaml", "src/shipping/package/Dockerfile")
_MOST_FAULTS = 51
_LONGEST = 1200


def compiled(content: bytes) -> RepositoryPolicy | BrokenPolicy:
    """The policy, or its faults, which are few and short enough to be stored and shown."""
    reader = SlipwayYaml(local_deploy=GitOpsTarget(repository="environments.git"), default_registry="localhost:5000")
    try:
        return reader.compile(content, repository="monorepo", commit="c1", files=FILES)
    except BrokenPolicy as broken:
        texts = [str(fault) for fault in broken.faults]
        assert 0 < len(texts) <= _MOST_FAULTS
        assert all(len(text) < _LONGEST and text == text.encode().decode() for text in texts)
        return broken


@many(150)
@given(ANY_BYTES | spoilt(SAMPLE))
def test_any_text_is_compiled_or_a_list_of_faults(content: bytes) -> None:
    """Typing errors, cut files, and what was never YAML."""
    compiled(content)


@many(250)
@given(mutated(yaml.safe_load(SAMPLE)))
def test_any_value_anywhere_is_compiled_or_a_list_of_faults(values: Any) -> None:
    """JSON is YAML too; this gets by the parser and to the models."""
    compiled(json.dumps(values).encode())


@many(60)
@given(st.sampled_from(("cron", "duration", "timezone", "environments")), st.text(max_size=30))
def test_any_freeze_is_compiled_or_a_list_of_faults(key: str, text: str) -> None:
    """Other people's libraries read these."""
    freeze: dict[str, Any] = {"cron": "0 16 * * 5", "duration": "64h", "timezone": "Europe/Berlin", "reason": "weekend"}

    compiled(
        json.dumps({"version": 1, "freezes": [{**freeze, key: [text] if key == "environments" else text}]}).encode()
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * MOST_BYTES, id="nested lists"),
        pytest.param(b"- " * (MOST_BYTES // 2), id="nested items"),
        pytest.param(b"? " * (MOST_BYTES // 2), id="nested keys"),
        pytest.param(b"a: &a [" + b"*a," * 80_000 + b"]", id="a list of itself"),
        pytest.param(b"a: " + b"9" * 250_000, id="a huge number"),
        pytest.param(b"a: " + b"1:" * 100_000 + b"1", id="a huge sexagesimal"),
        pytest.param(b"a: !!float " + b"1" * 100_000 + b"e" + b"9" * 100_000, id="a huge fraction"),
        pytest.param(b'a: "' + b"\\x41" * 60_000 + b'"', id="escapes"),
        pytest.param(b"\n" * MOST_BYTES, id="nothing"),
        pytest.param(b"version: 1\nservices: {a: {build: {deadline: " + b"9" * 200_000 + b"h}}}", id="a long duration"),
        pytest.param(b"%TAG ! tag:" + b"a" * 200_000 + b"\n---\na: !x 1", id="a long tag"),
    ],
)
def test_the_largest_hostile_files_come_to_an_end(content: bytes) -> None:
    """All of them are faults; one that took time beyond its size would never get here."""
    assert isinstance(compiled(content), BrokenPolicy)
