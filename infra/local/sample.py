"""The sample monorepo as a bare git repository, as a team would have it on a server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "monorepo"
REPOSITORY = "shipping"
ADA = ("Ada Author", "ada@example.com")
NAMESPACES = {"qa": "backend-qa", "production": "backend"}
BY_GIT = 'deploy: {gitops: {repository: environments.git, path: "{environment}/{service}"}}'


def git(cwd: Path, *args: str, who: tuple[str, str] = ADA) -> str:
    """Run git as a person and return what it printed."""
    return run_git(cwd, *args, who=who).stdout.strip()


def run_git(cwd: Path, *args: str, who: tuple[str, str] = ADA) -> subprocess.CompletedProcess[str]:
    """Run git as a person; its stderr has what the other side's hooks said. Raise RuntimeError where it fails."""
    name, mail = who
    identity = {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": mail,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *args], cwd=cwd, env={**inherited, **identity}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"git {' '.join(args)} in {cwd} failed: {done.stderr.strip()}")
    return done


def make_origin(origin: Path, *, by_helm: bool = False) -> None:
    """Make the bare repository from the sample, unless it is there; `by_helm`: each environment in the cluster of its name."""
    if (origin / "HEAD").exists():
        return
    origin.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "monorepo"
        shutil.copytree(SAMPLE, work, ignore=shutil.ignore_patterns("__pycache__"))
        if by_helm:
            _deploy_by_helm(work / "slipway.yaml")
        git(work, "init", "--quiet", "--initial-branch=main")
        git(work, "add", "--all")
        git(work, "commit", "--quiet", "-m", "Shipping: delivery and package", who=("Founder", "founder@example.com"))
        # Under another name first: a half-made repository is never taken for the whole one.
        half = origin.with_name(f".{origin.name}.new")
        shutil.rmtree(half, ignore_errors=True)
        git(work, "clone", "--quiet", "--bare", str(work), str(half))
        half.rename(origin)


def _deploy_by_helm(file: Path) -> None:
    """Write a cluster where the sample names a repository, environment by environment in the order of the file."""
    written = file.read_text(encoding="utf-8")
    for environment in NAMESPACES:
        before, found, after = written.partition(BY_GIT)
        if not found:
            raise ValueError(f"{file} says nowhere how {environment} is deployed by git")
        written = f"{before}deploy: {{helm: {{cluster: {environment}}}}}{after}"
    file.write_text(written, encoding="utf-8")
