"""Puts the package together: our files, the packages that they come to use, compiled, in one zip."""

from __future__ import annotations

import compileall
import py_compile
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from infra.azure.package.left_out import check_rules, why_left_out
from infra.azure.package.reach import UNUSED, Site, reached
from infra.azure.package.report import PackageReport, Pile
from infra.azure.package.target import PYTHON, installed, pins

# .funcignore says the same to Core Tools.
OURS = ("function_app.py", "functions", "host.json", "requirements.txt", "shared")
SITE_PACKAGES = Path(".python_packages/lib/site-packages")
# Where the platform mounts the package.
_MOUNTED = "/home/site/wwwroot"
# The earliest that a zip can say.
_NO_TIME, _MODE = (1980, 1, 1, 0, 0, 0), 0o100644


def build(root: Path, out: Path) -> PackageReport:
    """Build `slipway.zip` in a folder, and beside it what is in it; raise CannotPackage."""
    shutil.rmtree(out, ignore_errors=True)
    report = PackageReport(zip=out / "slipway.zip", folder=out / "slipway")
    for path in _our_files(root):
        report.ours.add(_copy(root / path, report.folder / path))
    product = list(report.folder.rglob("*.py"))
    _copy_packages(Site(installed(pins(root / "requirements.txt"))), product, root / "pyproject.toml", report)
    if f"{sys.version_info.major}.{sys.version_info.minor}" == PYTHON:
        _compile(report)
    write_zip(report)
    return report


def _our_files(root: Path) -> Iterator[Path]:
    for name in OURS:
        found = sorted((root / name).rglob("*")) if (root / name).is_dir() else [root / name]
        yield from (p.relative_to(root) for p in found if p.is_file() and "__pycache__" not in p.parts)


def _copy_packages(site: Site, product: list[Path], pyproject: Path, report: PackageReport) -> None:
    wanted = reached(site, product, pyproject)
    files = [(name, path) for name in sorted(site.names) for path in site.files(name)]
    check_rules((name, path) for name, path in files if name in wanted)
    for name, path in files:
        why = _why_not(name, path, wanted)
        if why is not None:
            report.left_out.setdefault(why, Pile()).add((site.folder / path).stat().st_size)
            continue
        size = _copy(site.folder / path, report.folder / SITE_PACKAGES / path)
        report.packages.setdefault(name, Pile()).add(size)


def _why_not(name: str, path: Path, wanted: frozenset[str]) -> str | None:
    if name in UNUSED:
        return "asynchronous HTTP"
    return why_left_out(name, path) if name in wanted else "packages that nothing here comes to use"


def _copy(source: Path, target: Path) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target.stat().st_size


def _compile(report: PackageReport) -> None:
    """Compile without a look at file times, which a zip does not keep exactly: nothing is written where the package is mounted."""
    compileall.compile_dir(
        report.folder,
        quiet=2,
        workers=0,
        optimize=0,
        stripdir=str(report.folder),
        prependdir=_MOUNTED,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    for path in report.folder.rglob("*.pyc"):
        report.compiled.add(path.stat().st_size)


def write_zip(report: PackageReport) -> None:
    """Zip without times and modes of this machine: the same files give the same bytes, so that others can build it too."""
    with zipfile.ZipFile(report.zip, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as file:
        for path in sorted(report.folder.rglob("*")):
            if path.is_file():
                member = zipfile.ZipInfo(path.relative_to(report.folder).as_posix(), date_time=_NO_TIME)
                member.external_attr, member.compress_type = _MODE << 16, zipfile.ZIP_DEFLATED
                file.writestr(member, path.read_bytes())
                report.whole.add(path.stat().st_size)
    report.zipped = report.zip.stat().st_size
