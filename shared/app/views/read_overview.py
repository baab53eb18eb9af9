"""What the pages show, read in one go, with a mark that tells when to read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shared.app.handling.failures import recent_failures
from shared.app.operating.finding import Chosen, NotKnown, service_names
from shared.app.operating.operate import ESTATE
from shared.app.parts import App
from shared.app.people.authorize import Viewer
from shared.app.views import read_status
from shared.app.views.health import RepositoryView, repositories
from shared.app.views.ledger import EntryView, ledger_page
from shared.app.views.mark import mark
from shared.app.views.poison import PoisonPage, count_poison, poison_page
from shared.app.views.records import ReleaseView
from shared.app.views.service_records import HoldView, ServiceView
from shared.domain.state.failure import Failure
from shared.domain.values.names import ServiceKey

_SERVICES, _ENDED, _ENTRIES, _MESSAGES = 50, 10, 40, 50
_EVIDENCE, _LONGEST = 3, 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Services, holds by people, each repository's configuration, what failed lately, and how many messages lie in poison (up to 100)."""

    services: tuple[ServiceView, ...]
    next: str | None
    chosen: Chosen
    holds: tuple[HoldView, ...]
    repositories: tuple[RepositoryView, ...]
    failures: tuple[Failure, ...]
    poison: int
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePage:
    """One service, releases that ended, the last entries of its ledger (newest first).

    `continued` is set on the pages after the first. `evidence` is what the last few failed rollouts showed, by where it is read.
    """

    service: ServiceView
    ended: tuple[ReleaseView, ...]
    next: str | None
    continued: bool
    timeline: tuple[EntryView, ...]
    repositories: tuple[RepositoryView, ...]
    poison: int
    mark: str
    evidence: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsPage:
    """Holds by people that are in force, and the last entries of their ledger (newest first)."""

    holds: tuple[HoldView, ...]
    timeline: tuple[EntryView, ...]
    mark: str


def overview_mark(app: App, chosen: Chosen) -> str:
    """Return the mark of a page of services: of those on it, and of where the next page begins."""
    return mark(app, service_names(app, chosen, most=_SERVICES + 1))


def read_overview(app: App, *, viewer: Viewer, chosen: Chosen) -> Overview:
    """Read a page of services. The mark is read first: what changes meanwhile is shown twice and never missed."""
    seen = overview_mark(app, chosen)
    page = read_status.services(app, viewer=viewer, chosen=chosen, most=_SERVICES)
    return Overview(
        services=page.services,
        next=page.next,
        chosen=chosen,
        holds=read_status.holds(app),
        repositories=repositories(app),
        failures=recent_failures(app),
        poison=count_poison(app),
        mark=seen,
    )


def read_service_page(app: App, key: ServiceKey, *, viewer: Viewer, after: str) -> ServicePage:
    """Read one service; `after` goes on to releases that ended earlier."""
    seen = mark(app, (str(key),))
    service = read_status.service(app, key, viewer=viewer)
    page = read_status.releases(app, key, viewer=viewer, after=after, most=_ENDED)
    under_way = {one.version for one in service.releases}
    entries = ledger_page(app, key, after=max(0, service.sequence - _ENTRIES), most=2 * _ENTRIES).entries
    ended = tuple(one for one in page.releases if one.version not in under_way)
    return ServicePage(
        service=service,
        ended=ended,
        next=page.next,
        continued=bool(after),
        timeline=entries[::-1],
        repositories=tuple(one for one in repositories(app) if one.name == key.repository),
        poison=count_poison(app),
        mark=seen,
        evidence=dict(_evidence(app, key, (*service.releases, *ended))),
    )


def _evidence(app: App, key: ServiceKey, releases: Sequence[ReleaseView]) -> Iterator[tuple[str, str]]:
    """Read what the promotions showed that failed last, each up to a bound."""
    kept = [(promotion, one.version) for one in releases for promotion in one.promotions if promotion.evidence]
    newest = sorted(kept, key=lambda one: one[0].number, reverse=True)[:_EVIDENCE]
    for promotion, version in newest:
        with suppress(NotKnown):
            found = read_status.evidence(app, key, version, str(promotion.number))
            yield promotion.evidence, found[:_LONGEST].decode(errors="replace")


def read_holds_page(app: App) -> HoldsPage:
    """Read what people hold, and who held and lifted what before."""
    seen = mark(app, ())
    last = app.store.read(ESTATE).sequence
    entries = ledger_page(app, ESTATE, after=max(0, last - _ENTRIES), most=2 * _ENTRIES).entries
    return HoldsPage(holds=read_status.holds(app), timeline=entries[::-1], mark=seen)


def read_poison_page(app: App, *, after: int) -> tuple[PoisonPage, str]:
    """Read messages that nobody has settled, with the mark of them."""
    seen = mark(app, ())
    return poison_page(app, after=after, most=_MESSAGES), seen
