"""What a command of a change's own sees in its environment: a closed list, and what slipway.yaml names beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from shared.domain.policies.host_variables import may_pass

HostVariables = Callable[[Iterable[str]], Mapping[str, str]]

# How a machine reaches the outside. Programs disagree about the case of names.
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy")
# Whom it trusts there; only names of files.
CERTIFICATES = (
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "GIT_SSL_CAINFO",
)  # fmt: skip
# Where package managers keep what they fetched.
CACHES = {
    "XDG_CACHE_HOME": "xdg",
    "PIP_CACHE_DIR": "pip",
    "UV_CACHE_DIR": "uv",
    "npm_config_cache": "npm",
    "YARN_CACHE_FOLDER": "yarn",
    "GOCACHE": "go",
    "GOMODCACHE": "gomod",
    "CARGO_HOME": "cargo",
    "NUGET_PACKAGES": "nuget",
    "GRADLE_USER_HOME": "gradle",
}


def no_variables(_names: Iterable[str]) -> Mapping[str, str]:
    """Tell nothing of the host."""
    return {}


def environment(
    home: Path, path: str, *, cache: Path, host: HostVariables = no_variables, named: Iterable[str] = ()
) -> Mapping[str, str]:
    """What a command sees. Nothing of the host's may hold a key, but for what `named` asks for."""
    wanted = [name for name in (*PROXIES, *CERTIFICATES, *named) if may_pass(name)]
    return {
        **host(wanted),
        **{name: str(cache / folder) for name, folder in CACHES.items()},
        "PATH": f"{Path(sys.executable).parent}:{path}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "CI": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
