"""Where a change's own commands may run, and what people are told of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared import bootstrap, wiring
from shared.adapters.local_build import LocalBuilder, confine, namespaces, sight
from shared.adapters.no_builder import NoBuilder
from shared.adapters.sqlite import SqliteDatabase
from shared.config import Identities, Settings
from tests.support.tree import ROOT

ACCOUNT = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k3y;EndpointSuffix=core.windows.net"
AZURITE = "AccountName=devstoreaccount1;AccountKey=k3y;TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
SIGNED = "TableEndpoint=https://a.table.core.windows.net;SharedAccessSignature=s"


def builder_with(settings: Settings, folder: Path) -> object:
    """What builds where these settings hold."""
    kept = SqliteDatabase(folder / "state.db", bootstrap.utc_now)
    try:
        return bootstrap.build(settings, kept, now=bootstrap.utc_now).hosts[0].builder
    finally:
        kept.close()


def test_attack_a_build_in_an_app_with_productions_identity(tmp_path: Path) -> None:
    """It could sign in as production: nothing is built there."""
    held = Identities(own="own", held={"production": "id"})
    settings = Settings(work=tmp_path, database=tmp_path / "state.db", identities=held)

    assert isinstance(builder_with(settings, tmp_path), NoBuilder)


@pytest.mark.parametrize(
    ("name", "connection", "refused"),
    [
        ("SLIPWAY_STORAGE", ACCOUNT, True),
        ("AzureWebJobsStorage", ACCOUNT, True),
        ("SlipwayStorage", ACCOUNT, True),
        ("AzureWebJobsStorage", SIGNED, True),
        ("SLIPWAY_STORAGE", AZURITE, False),
        ("SlipwayStorage", "UseDevelopmentStorage=true", False),
        ("AzureWebJobsStorage", "UseDevelopmentStorage=true", False),
    ],
)
def test_attack_a_build_in_an_app_with_the_accounts_keys(
    tmp_path: Path, name: str, connection: str, refused: bool
) -> None:
    """Whatever they are there for; Azurite's are known to everybody and open nothing."""
    variables = {"SLIPWAY_DATABASE": str(tmp_path / "state.db"), "SLIPWAY_WORK": str(tmp_path), name: connection}

    found = builder_with(Settings.from_env(variables), tmp_path)

    assert isinstance(found, NoBuilder if refused else LocalBuilder)


def test_a_process_that_builds_keeps_its_environment_to_itself(tmp_path: Path) -> None:
    """From the moment that the builder is wired."""
    script = """
import ctypes, sys
from pathlib import Path
from tests.config.test_building_here import builder_with
from shared.config import Settings
folder = Path(sys.argv[1])
builder_with(Settings(work=folder, database=folder / "state.db"), folder)
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == "0"


def test_people_are_told_where_builds_see_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is built there is nothing to say."""
    monkeypatch.setattr(confine, "landlock_abi", lambda: 0)
    monkeypatch.setattr(namespaces, "program", lambda: "")
    sight.found_abi.cache_clear()
    here = wiring.warnings(Settings(work=tmp_path))
    nowhere = wiring.warnings(Settings(work=tmp_path, account_keys=True))
    sight.found_abi.cache_clear()

    assert len(here) == 1
    assert "builds see all files that this user sees" in here[0]
    assert nowhere == ()
