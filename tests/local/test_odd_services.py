"""Forty odd services of one monorepo, pushed at once to one local host: each ends as is right for it, and none harms another."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.local.client import Client
from infra.local.sample import git
from tests.support.host_process import HostProcess
from tests.support.mortal import processes_of
from tests.support.odd.kinds import SERVICES
from tests.support.odd.monorepo import branch, make
from tests.support.odd.service import BLOCKED, FAILS, SUCCEEDS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("local-host")]
# Hopelessly long: where nothing else runs it takes a quarter of that.
_SECONDS = 300


def test_each_of_forty_odd_services_ends_as_is_right_for_it(tmp_path: Path) -> None:
    """One push of all release branches, with a branch beside them whose name holds a line separator."""
    origin = make(tmp_path / "odd.git")
    with HostProcess(tmp_path / "host", repo=origin) as host:
        host.wait_until_ready()
        keys, url = host.keys(), f"http://127.0.0.1:{host.kept()['port']}"
        rita = Client(url, keys["Rita Manager"])
        _push_all(origin, tmp_path / "copy")

        wrong = dict(SERVICES)
        found: dict[str, Mapping[str, Any]] = {}
        end = time.monotonic() + _SECONDS
        while wrong and time.monotonic() < end:
            for name in list(wrong):
                found[name] = rita.get(f"/api/services/{name}/releases/1.0.0").body
                if _is_right(name, found[name]):
                    del wrong[name]
            time.sleep(0.2)

        assert not wrong, "\n".join(f"{name}: {_said(found[name])}" for name in wrong)
        assert _answer(rita, found["co-author"]) == (403, "author")
        assert _answer(rita, found["ordinary"])[0] == 200
        assert Client(url, keys["Olga Operator"]).get("/api/health").body["status"] == "ok"
        assert len(processes_of(host.stop_and_pid())) == 0


def _push_all(origin: Path, copy: Path) -> None:
    git(origin.parent, "clone", "--quiet", "--bare", str(origin), str(copy))
    git(copy, "config", "user.name", "Ada Author")
    git(copy, "config", "user.email", "ada@example.com")
    refs = [f"{branch(name)}:refs/heads/release/{name}/v1.0.0" for name in SERVICES]
    git(copy, "push", "--quiet", str(origin), *refs, "refs/heads/main:refs/heads/caf\u2028e")


def _is_right(name: str, release: Mapping[str, Any]) -> bool:
    odd = SERVICES[name]
    if odd.ends == FAILS:
        return release.get("phase") == FAILS and odd.because in release["reason"] and release["artifact"] is None
    promotions = {one["environment"]: one for one in release.get("promotions", ())}
    qa = promotions.get("qa")
    if qa is None:
        return False
    if odd.ends == BLOCKED:
        return any(one["gate"] == "manifests" and odd.because in one["reason"] for one in qa["blockers"])
    approval = promotions["production"]["approval"]
    return odd.ends == SUCCEEDS == qa["phase"] and approval is not None and bool(approval["open"])


def _said(release: Mapping[str, Any]) -> object:
    promotions = [
        (one["environment"], one["phase"], one["reason"], [each["reason"] for each in one["blockers"]])
        for one in release.get("promotions", ())
    ]
    return release.get("phase"), release.get("reason"), promotions


def _answer(who: Client, release: Mapping[str, Any]) -> tuple[int, object]:
    [asked] = [one["approval"] for one in release["promotions"] if one["environment"] == "production"]
    answer = who.post(f"/api/services/{release['service']}/approvals/{asked['request']}", {"decision": "approve"})
    return answer.status, answer.body.get("code")
