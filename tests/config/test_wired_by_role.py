"""What a process acts with: one access for each identity, and nothing made or loaded that its role does not need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared import bootstrap, by_role
from shared.adapters.azure_identity import Credentials
from shared.adapters.sqlite import SqliteDatabase
from shared.app.access import EnvironmentAccess
from shared.app.handling.send_report import send_report
from shared.app.handling.take_report import take_report
from shared.config import Identities, Settings
from shared.domain.messages.queues import CONTROL, NONPROD, PRODUCTION
from tests.support.tree import ROOT

ACTING = ("shared.adapters.helm_charts", "shared.adapters.oci_registry", "shared.adapters.gitops")
BUILDING = ("shared.adapters.local_build",)
ANSWERING = ("shared.signing_in", "shared.adapters.entra", "shared.adapters.anchor_files", "jwt")
LOOKING = """
import json, sys
import function_app
from shared import bootstrap, by_role
from shared.ports.errors import Permanent

app = bootstrap.app()
wired = sorted(sys.modules)
try:
    app.access_as(None)
    refused = ""
except Permanent as error:
    refused = str(error)
builder = type(app.repository("shipping").builder).__name__
print(json.dumps([wired, builder, app.anchors is not None, refused]))
bootstrap.database().close()
"""


def wired(folder: Path, *roles: str) -> tuple[set[str], str, bool, str]:
    """The modules of a process that has its application, its builder, whether it keeps anchors, and why it acts on nothing."""
    held = {"production": "id-production"} if PRODUCTION in roles else {}
    settings = Settings(
        database=folder / "state.db",
        work=folder,
        roles=frozenset(roles),
        repositories={"shipping": folder},
        identities=Identities(own="id-own", held=held),
    )
    run = subprocess.run(
        [sys.executable, "-c", LOOKING], cwd=ROOT, env=settings.to_env(), capture_output=True, text=True, check=True
    )
    found: Any = json.loads(run.stdout)
    return set(found[0]), found[1], found[2], found[3]


def test_control_acts_on_no_environment_and_builds_nothing(tmp_path: Path) -> None:
    """It has neither charts nor a registry nor what deploys; whoever asks for them is told whose they are."""
    modules, builder, anchors, refused = wired(tmp_path, CONTROL)

    assert not modules & {*ACTING, *BUILDING}
    assert (builder, anchors) == ("NoBuilder", True)
    assert "only one with the role nonprod or production does" in refused


@pytest.mark.parametrize(
    ("role", "builds", "without"),
    [(NONPROD, "LocalBuilder", ANSWERING), (PRODUCTION, "NoBuilder", (*ANSWERING, *BUILDING))],
)
def test_a_worker_signs_nobody_in_and_keeps_no_anchors(
    tmp_path: Path, role: str, builds: str, without: tuple[str, ...]
) -> None:
    """Nor does it ask a directory, or production's build anything."""
    modules, builder, anchors, refused = wired(tmp_path, role)

    assert not modules & set(without)
    assert (builder, anchors, refused) == (builds, False, "")


@pytest.mark.parametrize(
    ("roles", "file", "decides"),
    [
        ((), False, True),
        ((CONTROL,), False, True),
        ((CONTROL, NONPROD), False, True),
        ((NONPROD,), False, False),
        ((PRODUCTION,), False, False),
        ((NONPROD, PRODUCTION), False, False),
        ((NONPROD,), True, True),
    ],
)
def test_control_decides_and_so_does_whoever_can_open_the_file_of_all_state(
    tmp_path: Path, roles: tuple[str, ...], file: bool, decides: bool
) -> None:
    """Any other worker sends its reports."""
    settings = Settings(database=tmp_path / "state.db" if file else None, roles=frozenset(roles))

    assert by_role.reporting(settings) is (take_report if decides else send_report)


def test_an_environment_is_reached_for_when_something_is_to_be_done_there(tmp_path: Path) -> None:
    """Production's worker loads no registry, chart or applier before."""
    modules, *_ = wired(tmp_path, PRODUCTION)

    assert not modules & set(ACTING)


def test_each_identity_has_an_access_of_its_own_made_once(tmp_path: Path) -> None:
    """With its clients and tokens, however often it is asked for; Slipway's own is another one."""
    known = Identities(own="id-own", held={"qa": "id-qa", "production": "id-production"})
    settings = Settings(database=tmp_path / "state.db", work=tmp_path, identities=known)
    kept = SqliteDatabase(tmp_path / "state.db", bootstrap.utc_now)
    made: list[EnvironmentAccess] = []

    def noted(access: EnvironmentAccess) -> EnvironmentAccess:
        made.append(access)
        return access

    held = Credentials(known.own, known.held)
    app = bootstrap.build(settings, kept, now=bootstrap.utc_now, held=held, around=noted)
    found = [app.access_as(name) for name in (None, "qa", "production") for _ in range(2)]
    kept.close()

    assert [found.index(one) for one in found] == [0, 0, 2, 2, 4, 4]
    assert len({id(one.registry) for one in found}) == len({id(one.charts) for one in found}) == 3
    assert made == found[::2]
