"""What a change's own commands see of the machine that builds them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.adapters.local_build import confine, namespaces, sight
from shared.adapters.local_build.sight import Sight
from shared.adapters.no_builder import NoBuilder
from shared.ports.builder import NO_HANDLE, BuildOrder, BuildOutcome
from shared.ports.errors import Permanent
from tests.support.build_site import KEPT_BY, PASSED, Site
from tests.support.process_state import held, wait_for

ROOT = Path(__file__).parents[3]
TestsOnly = Callable[[str], BuildOrder]

# Looks into every process that there is, the host's among them, and says where it found what.
READS_ENVIRONMENTS = """
import os
seen, found = [], []
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        content = open(f"/proc/{pid}/environ", "rb").read()
    except OSError:
        continue
    seen.append(pid)
    if b"c4nary" in content:
        found.append(pid)
assert str(os.getpid()) in seen
open(NOTE, "w").write(" ".join(found) or "nothing")
"""

# Started without `site`, as the Functions worker is; prefixes are those of the Python beneath a virtual environment.
WITHOUT_SITE = """
import sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from shared.adapters.local_build import commands
from shared.adapters.local_build.sight import Sight
own = Path(sys.argv[1])
ended = commands.run(
    commands.arguments("python -c 'import pytest; print(42)'"), cwd=own, env={"PATH": "/usr/bin:/bin"}, notes=own,
    seconds=60, cancelled=lambda: False, sight=Sight(writes=(own,)),
)
print(ended.code, ended.output.decode())
"""


def test_a_command_runs_our_python_where_the_host_was_started_without_its_site(tmp_path: Path) -> None:
    """With what is installed in its virtual environment, though that lies on nobody's PATH."""
    paths = [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    command = [sys.executable, "-I", "-S", "-c", WITHOUT_SITE, str(tmp_path), *paths]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=120)

    assert done.stdout.split() == ["0", "42"], done.stdout + done.stderr


@pytest.mark.parametrize("kept_by", KEPT_BY)
def test_attack_a_test_command_reads_the_secrets_in_the_environment_of_its_host(
    site: Site, tests_only: TestsOnly, kept_by: str
) -> None:
    """The host shows it to nobody, whoever the command runs as and whatever confines it."""
    note = site.notes / "found"
    tests_only(f"NOTE = {str(note)!r}\n" + READS_ENVIRONMENTS + PASSED)
    command = [sys.executable, "-m", "tests.support.build_host", str(site.folder.parent), "python run.py", kept_by]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "SLIPWAY_HOOK_SECRET": "c4nary"}, check=True, timeout=60)

    assert note.read_text() == "nothing"


@pytest.mark.parametrize("kept_by", KEPT_BY[:2])
@pytest.mark.parametrize("name", ["people.json", "host.json", "slipway.db", "builds", "registry/tag"])
def test_attack_a_test_command_reads_the_files_of_its_host(
    site: Site, tests_only: TestsOnly, name: str, kept_by: str
) -> None:
    """They lie beside the builder's folder, and belong to the same user."""
    site.kept_by = kept_by
    secret = site.folder.parent / name
    if name != "builds":
        secret.parent.mkdir(exist_ok=True)
        secret.write_text("c4nary")
    script = f"""
import os, pathlib
secret = pathlib.Path({str(secret)!r})
for attempt in (secret.read_text, secret.unlink, lambda: os.listdir(secret.parent), lambda: secret.write_text("x")):
    try:
        attempt()
    except OSError:
        continue
    raise SystemExit("it could")
"""
    result = site.build(tests_only(script + PASSED))

    assert result.outcome is BuildOutcome.SUCCEEDED, site.output(result)


def test_attack_a_test_command_says_itself_how_it_ended(site: Site, tests_only: TestsOnly) -> None:
    """The note of its exit code lies in a folder that it does not see."""
    script = "import pathlib\npathlib.Path('../../../../../exit').write_text('0')" + PASSED
    result = site.build(tests_only(script))

    assert result.outcome is BuildOutcome.FAILED
    assert re.search("PermissionError|Read-only file system", site.output(result))


@pytest.mark.skipif(confine.landlock_abi() < confine.ABI_SCOPES, reason="this kernel's Landlock knows no signals")
def test_attack_a_test_command_ends_its_host(site: Site, tests_only: TestsOnly) -> None:
    """Nor is the supervisor, its parent, reached by a signal."""
    script = f"""
import os
for pid in ({os.getpid()}, os.getppid()):
    try:
        os.kill(pid, 0)
    except (PermissionError, ProcessLookupError):
        continue
    raise SystemExit("it could")
"""
    result = site.build(tests_only(script + PASSED))

    assert result.outcome is BuildOutcome.SUCCEEDED, site.output(result)


@pytest.mark.parametrize("kept_by", KEPT_BY)
def test_attack_a_test_leaves_a_daemon_behind(site: Site, tests_only: TestsOnly, kept_by: str) -> None:
    """Also one with a session and a parent of its own is gone when the build has ended."""
    site.kept_by, note = kept_by, site.notes / "daemon"
    script = f"""
import fcntl, os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        held = open({str(note)!r} + ".new", "w")
        fcntl.flock(held, fcntl.LOCK_EX)
        os.replace({str(note)!r} + ".new", {str(note)!r})
        time.sleep(600)
    os._exit(0)
while not os.path.exists({str(note)!r}):
    time.sleep(0.005)
"""
    result = site.build(tests_only(script + PASSED))

    assert result.outcome is BuildOutcome.SUCCEEDED, site.output(result)
    assert not held(note)


@pytest.mark.parametrize("kept_by", KEPT_BY)
def test_attack_a_daemon_outlives_a_host_that_is_killed(site: Site, tests_only: TestsOnly, kept_by: str) -> None:
    """The supervisor sees its host die, and ends everything below."""
    note = site.notes / "daemon"
    tests_only(f"""
import fcntl, os, time
if os.fork() == 0:
    os.setsid()
    held = open({str(note)!r} + ".new", "w")
    fcntl.flock(held, fcntl.LOCK_EX)
    os.replace({str(note)!r} + ".new", {str(note)!r})
time.sleep(600)
""")
    command = [sys.executable, "-m", "tests.support.build_host", str(site.folder.parent), "python run.py", kept_by]
    with subprocess.Popen(command, cwd=ROOT) as host:
        wait_for(note.exists, "the daemon")
        host.kill()

    wait_for(lambda: not held(note), "the end of the daemon")


ORDINARY = """
import multiprocessing, os, socket, ssl, subprocess, sys, tempfile, threading
lock = multiprocessing.Lock()
with lock, tempfile.TemporaryDirectory() as folder:
    os.mkdir("made"); os.rename("made", os.path.join(folder, "made"))
    os.symlink("made", os.path.join(folder, "link"))
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
socket.getaddrinfo("localhost", 80)
ssl.create_default_context()
git = ["git", "-c", "user.name=T", "-c", "user.email=t@example.com"]
subprocess.run([*git, "init", "--quiet", "."], check=True)
subprocess.run([*git, "add", "run.py"], check=True)
subprocess.run([*git, "commit", "--quiet", "-m", "x"], check=True)
subprocess.run("echo 1 | cat > /dev/null", shell=True, check=True)
subprocess.run([sys.executable, "-c", "import json, sqlite3"], check=True)
open("/proc/self/status").close(); open("/proc/meminfo").close()
"""


@pytest.mark.parametrize("kept_by", KEPT_BY)
def test_an_ordinary_test_notices_nothing(site: Site, tests_only: TestsOnly, kept_by: str) -> None:
    """Its tree, temporary files, processes, git, sockets, certificates and what the kernel tells are there."""
    site.kept_by = kept_by

    result = site.build(tests_only(ORDINARY + PASSED))

    assert result.outcome is BuildOutcome.SUCCEEDED, site.output(result)


def test_what_is_hidden_is_left_out_of_a_folder_that_is_seen(tmp_path: Path) -> None:
    """A host whose state lies below /opt or in this Python's own prefix hides it all the same."""
    (tmp_path / "opt/slipway/state").mkdir(parents=True)
    (tmp_path / "opt/slipway/bin").mkdir()
    (tmp_path / "opt/other").mkdir()
    seen = Sight(reads=(tmp_path / "opt",), hidden=(tmp_path / "opt/slipway/state",), by="landlock")

    line = sight.wrapped(["true"], seen, "/usr/bin")[4]

    assert f'"{tmp_path}/opt/other", "{tmp_path}/opt/slipway/bin"' in line or f'"{tmp_path}/opt/slipway/bin"' in line
    assert f'"{tmp_path}/opt/slipway/state"' not in line
    assert f'"{tmp_path}/opt"' not in line


def test_a_kernel_without_landlock_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that renames no file into another folder counts as one without; bubblewrap would do, too."""
    told = {}
    monkeypatch.setattr(namespaces, "program", lambda: "")
    for abi in (0, 1, 2, 5, 6):
        with monkeypatch.context() as kernel:
            kernel.setattr(confine, "landlock_abi", lambda abi=abi: abi)
            sight.found_abi.cache_clear()
            told[abi] = (sight.kept_by(), sight.in_words())
    sight.found_abi.cache_clear()

    assert told[6] == ("landlock", "")
    assert told[2] == told[5]
    assert told[2][0] == "landlock"
    assert "builds may end processes of this user" in told[2][1]
    assert told[0] == told[1]
    assert told[0][0] == ""
    assert "builds see all files that this user sees" in told[0][1]
    monkeypatch.setattr(namespaces, "program", lambda: "/usr/bin/bwrap")
    assert (sight.kept_by(), sight.in_words()) == ("bubblewrap", "")


def test_a_command_is_not_run_where_what_confines_it_fails(tmp_path: Path) -> None:
    """Rather none than one that sees everything."""
    nothing = '{"by": "landlock", "reads": ["/usr"], "writes": ["/dev/fd/0"]}'
    line = [sys.executable, "-I", "-S", confine.__file__, nothing, "/usr/bin/touch", str(tmp_path / "made")]

    # A pipe lies in no folder, so that the kernel refuses it.
    ended = subprocess.run(line, input=b"", capture_output=True, timeout=60, check=False)

    assert ended.returncode == 127
    assert b"cannot be started" in ended.stdout
    assert not (tmp_path / "made").exists()


def test_where_nothing_may_be_built_the_reason_is_said(site: Site) -> None:
    """It is ours to mend, not the change's."""
    builder = NoBuilder("this app holds production's identity (production); a build in it could use that")

    with pytest.raises(Permanent, match=r"delivery is not built here: .*; have it built elsewhere") as refused:
        builder.build(site.order(), NO_HANDLE)
    builder.cancel("any", NO_HANDLE)

    assert refused.value.ours
