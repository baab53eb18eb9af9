"""The ledger printed to the byte: what the command shows can be checked with nothing of ours."""

from __future__ import annotations

import hashlib
import subprocess
from io import StringIO
from pathlib import Path

import pytest

from infra.local.__main__ import main
from infra.local.ledger import print_ledger
from tests.support.app_parts import DELIVERY, make_app
from tests.support.documents import OPERATIONS, text

SCRIPT = """
previous=$(printf '0%.0s' $(seq 64))
while read -r n hash body; do
  [ "$(printf '%s%s' "$previous" "$body" | sha256sum | cut -d' ' -f1)" = "$hash" ] || { echo "entry $n does not fit"; exit 1; }
  previous=$hash
done
echo "ends with $previous"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A local host's folder with a release in it."""
    slipway = make_app("sqlite", tmp_path).start()
    slipway.release_to("1.0.0")
    slipway.database.close()
    return tmp_path


def test_sha256sum_agrees_with_every_entry(folder: Path) -> None:
    """The documented loop, in a shell."""
    printed = StringIO()
    assert print_ledger(folder, str(DELIVERY), printed) == 0
    lines = printed.getvalue().splitlines()

    done = subprocess.run(["bash", "-c", SCRIPT], input=printed.getvalue(), capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, f"ends with {lines[-1].split()[1]}\n")
    assert SCRIPT.strip().splitlines()[2] in text(OPERATIONS)


def test_an_entry_that_was_changed_does_not_fit(folder: Path) -> None:
    """One letter is enough."""
    printed = StringIO()
    print_ledger(folder, str(DELIVERY), printed)
    _, hash_, body = printed.getvalue().splitlines()[0].split(" ", 2)

    assert hashlib.sha256(f"{'0' * 64}{body}".encode()).hexdigest() == hash_
    assert hashlib.sha256(f"{'0' * 64}{body} ".encode()).hexdigest() != hash_


@pytest.mark.parametrize(("service", "code"), [("shipping~delivery", 0), ("shipping~unknown", 1)])
def test_what_is_not_there_is_said(folder: Path, service: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """By the exit code and in words."""
    assert main(["ledger", service, "--dir", str(folder)]) == code
    assert bool(capsys.readouterr().err) == bool(code)


def test_a_folder_without_state_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is made there."""
    assert main(["ledger", "shipping~delivery", "--dir", str(tmp_path)]) == 2
    assert "name the folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
