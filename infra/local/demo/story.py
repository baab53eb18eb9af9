"""The story that the demo tells, step by step. Each step may be told again after a crash: what was done is found done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from infra.local.demo.shown import StoryShown
from infra.local.demo.team import StoryBroken, Team

Proof = Callable[[str], None]
# The local operator looks at the variable; on a control plane of tests the annotations say how pods are played.
FAILING = """env: {FAIL_ROLLOUT: "true"}
podAnnotations: {fakelet/mode: crash, fakelet/log: "no tariffs: /etc/tariffs.json is not there"}
"""


def feature_branch(team: Team, proven: Proof) -> None:
    """A feature branch that touches only delivery is validated once, for delivery."""
    change = append("src/shipping/delivery/plan.py", "\n# Express parcels first.\n")
    commit = team.push("feature/delivery/express-first", change=change, why="Say what comes first")

    def validated() -> list[dict[str, str]]:
        found = team.read(f"/api/statuses/{commit}").body.get("statuses", [])
        return [one for one in found if one["state"] == "succeeded"]

    statuses = team.expect("the feature branch is validated", validated)
    if [one["context"] for one in statuses] != ["slipway/delivery"]:
        raise StoryBroken(f"other services were validated too: {statuses}")
    started = [
        f"{service} {note}"
        for service in ("delivery", "package")
        for note in team.notes(service)
        if note.startswith("refs/heads/feature/delivery/express-first: build") and " of " in note
    ]
    if len(started) != 1:
        raise StoryBroken(f"not one validation ran, but {started}")
    proven(f"a feature branch of delivery ran one validation, of delivery: {statuses[0]['description']}")


def first_release(team: Team, proven: Proof) -> None:
    """v1.0.0 goes through tests, image, chart and QA; its author may not approve it, another person does."""
    team.push(
        "release/delivery/v1.0.0",
        change=append("src/shipping/delivery/plan.py", "\n# First release.\n"),
        why="Prepare 1.0.0",
    )
    request = team.expect("delivery v1.0.0 waits for approval", lambda: _asked_or_done(team, "delivery", "1.0.0"))
    release = team.release("delivery", "1.0.0")
    artifact, tests = release["artifact"], release["build"]["tests"]
    proven(
        f"release/delivery/v1.0.0: {tests['passed']} tests, image {artifact['image_digest'][:19]}…, chart {artifact['chart_digest'][:19]}…"
    )
    if team.live_version("delivery", "qa") != "1.0.0":
        raise StoryBroken("v1.0.0 is not live in QA")
    proven("QA runs v1.0.0, and production waits for a person")
    if request != "done":
        refused = team.answer(team.author, "delivery", request, "approve")
        if refused.status != 403:
            raise StoryBroken(f"the author's approval was answered {refused.status}: {dict(refused.body)}")
        proven(f"the author tried to approve and was refused: {refused.body['detail']}")
        team.approve("delivery", "1.0.0")
    team.expect("delivery v1.0.0 is released", lambda: team.release("delivery", "1.0.0").get("phase") == "Released")
    proven("another person approved, and v1.0.0 is live in production")


def _asked_or_done(team: Team, service: str, version: str) -> str:
    return (
        team.request(service, version) or (team.release(service, version).get("phase") == "Released" and "done") or ""
    )


def copied_by_digest(team: Team, shown: StoryShown, proven: Proof) -> None:
    """Production reads prod/ only, with the digests that QA ran."""
    live = team.live("delivery", "production")
    artifact = team.release("delivery", "1.0.0")["artifact"]
    manifests = shown.manifests("production", "delivery")
    wanted = f"/prod/delivery:v1.0.0@{artifact['image_digest']}"
    if wanted not in manifests or live["artifact"]["image_digest"] != artifact["image_digest"]:
        raise StoryBroken(f"production does not run {wanted}")
    copied = [note for note in team.notes("delivery") if "are copied" in note]
    if not copied or " 0 downloaded" not in copied[0]:
        raise StoryBroken(f"layers were downloaded to copy v1.0.0 to prod/: {copied}")
    proven(f"into prod/: {copied[0].partition(': ')[2]}")
    proven(f"production is deployed as …{wanted[:46]}…, the digest that QA ran")


def package_meanwhile(team: Team, proven: Proof) -> None:
    """Another service is released on its own."""
    team.push("release/package/v2.0.0", change=append("src/shipping/package/label.py", "\n"), why="Prepare 2.0.0")
    proven("release/package/v2.0.0 was pushed while delivery is under way")


def failing_release(team: Team, proven: Proof) -> None:
    """v1.1.0 fails in production and is rolled back by itself, with a hold on it."""
    team.push(
        "release/delivery/v1.1.0",
        change=append("charts/delivery/values-production.yaml", FAILING),
        why="Prepare 1.1.0",
    )
    team.approve("delivery", "1.1.0")
    team.expect("v1.1.0 is rolled back", lambda: team.release("delivery", "1.1.0").get("phase") == "RolledBack")
    reason = team.promotion("delivery", "1.1.0", "production")["reason"]
    if team.live_version("delivery", "production") != "1.0.0":
        raise StoryBroken("production is not back at v1.0.0")
    holds = team.read("/api/services/delivery").body["holds"]
    if not any("1.1.0" in one["reason"] for one in holds):
        raise StoryBroken(f"there is no hold on v1.1.0: {holds}")
    proven(f"v1.1.0 failed in production ({reason}), was rolled back to v1.0.0 by itself and is held")


def next_version_passes(team: Team, proven: Proof) -> None:
    """v1.1.1 is higher than what is held, so it passes; package's release is approved in between."""
    team.push(
        "release/delivery/v1.1.1", change=append("src/shipping/delivery/plan.py", "\n# 1.1.1\n"), why="Prepare 1.1.1"
    )
    team.approve("package", "2.0.0")
    team.approve("delivery", "1.1.1")
    team.expect("v1.1.1 is released", lambda: team.release("delivery", "1.1.1").get("phase") == "Released")
    team.expect("package is released", lambda: team.release("package", "2.0.0").get("phase") == "Released")
    proven("v1.1.1 passed the hold on v1.1.0, and package v2.0.0 was released meanwhile, undisturbed")


def hotfix_while_another_waits(team: Team, proven: Proof) -> None:
    """v1.2.0 waits for its approval while the hotfix v1.0.1 of an older line reaches production."""
    team.push(
        "release/delivery/v1.2.0", change=append("src/shipping/delivery/plan.py", "\n# 1.2.0\n"), why="Prepare 1.2.0"
    )
    team.expect("v1.2.0 waits for approval", lambda: team.request("delivery", "1.2.0"))
    team.push(
        "release/delivery/v1.0.1",
        start="origin/release/delivery/v1.0.0",
        change=append("src/shipping/delivery/plan.py", "\n# Hotfix.\n"),
        why="Fix 1.0",
    )
    team.approve("delivery", "1.0.1")
    team.expect("the hotfix is released", lambda: team.release("delivery", "1.0.1").get("phase") == "Released")
    waits = team.promotion("delivery", "1.2.0", "production")
    if waits["phase"] != "Waiting":
        raise StoryBroken(f"v1.2.0 does not wait any more: {waits}")
    proven("the hotfix v1.0.1 is live in production while v1.2.0 still waits for its approval")


def ledger_holds(team: Team, proven: Proof) -> None:
    """Nobody changed the ledger, and it says who did what."""
    for service in ("delivery", "package"):
        found = team.read(f"/api/services/{service}/ledger/verify").body
        if not found.get("intact"):
            raise StoryBroken(f"the ledger of {service} is broken: {dict(found)}")
        proven(f"ledger of {service}: {found['entries']} entries, chain intact, head {found['head'][:16]}…")


def what_runs(team: Team, shown: StoryShown, proven: Proof) -> None:
    """Whoever is asked beside Slipway says the same."""
    for proof in shown.proofs(team):
        proven(proof)


def append(path: str, text: str) -> Callable[[Path], None]:
    """A change that adds text to a file of the working copy."""

    def change(copy: Path) -> None:
        with (copy / path).open("a", encoding="utf-8") as file:
            file.write(text)

    return change
