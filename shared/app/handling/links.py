"""Where people look at something: addresses of our pages, whole ones where the installation says what its own is."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from shared.app.parts import App
from shared.domain.values.errors import InvalidVersion
from shared.domain.values.names import ServiceKey
from shared.domain.values.version import Version


def page_of(repository: str, service: str, version: str = "") -> str:
    """Return the path of a service's page, or of one of its releases there."""
    release = f"#release-{quote(version)}" if version else ""
    return f"/services/{quote(service)}?{urlencode({'repository': repository})}{release}"


def link_to(app: App, service: ServiceKey | None = None, version: str = "") -> str:
    """Return the address of a release, a service, or of all of them; empty where nobody said where people reach us."""
    if not app.url:
        return ""
    return app.url + (page_of(service.repository, service.service, version) if service is not None else "/")


def link_of_status(app: App, service: ServiceKey, context: str) -> str:
    """Return where a status leads: to the release that its context names, else to the service."""
    _, _, rest = context.removeprefix("slipway/").partition("/")
    try:
        return link_to(app, service, Version.from_tag(rest.partition("/")[0]).text)
    except InvalidVersion:
        return link_to(app, service)
