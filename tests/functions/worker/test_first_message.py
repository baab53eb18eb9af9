"""What the first message after a cold start makes a process load: nothing that this message does not need.

Told by the list of modules, as a time would say more about the machine. Here state and queues are in a storage account.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conventions.test_cold_start import DEAR, outside
from tests.conventions.third_party_contract import covers
from tests.functions.test_openapi import READS, WRITES
from tests.support.doors import REGISTRY_SECRET
from tests.support.worker.account import OnAzure
from tests.support.worker.platform import Platform
from tests.support.worker.running import Result, Worker
from tests.support.worker.scene import ask, occasions, registered, run

pytestmark = [pytest.mark.real("azurite"), pytest.mark.slow, pytest.mark.xdist_group("first message")]

FUNCTIONS = registered()
# azure.storage loads cryptography for an encryption that we don't use, and cannot be told not to.
QUEUES = frozenset({"azure.core", "azure.storage", "requests", "cryptography"})
TABLES = frozenset({"azure.core", "azure.data", "requests"})
DECIDING = QUEUES | TABLES
CONFIGURATION = frozenset({"pydantic", "yaml"})
REGISTRY = frozenset({"azure.containerregistry"})
# Helm itself is another process's.
CHARTS = frozenset({"yaml"})
# What the work of a kind of message takes, beside deciding.
WORK = {
    "inspect-push": CONFIGURATION,
    "build": REGISTRY | CHARTS,
    "gather-facts": REGISTRY | CHARTS,
    "retag": REGISTRY,
    "deploy": REGISTRY | CHARTS,
    "observe-rollout": frozenset({"yaml"}),
}
NOTHING = frozenset({"get_static", "get_openapi"})
# What deciding needs beside, each a few milliseconds; what comes along with requests and with pydantic.
CHEAP = ("cronsim", "msgspec", "semver")
ALONG = ("certifi", "charset_normalizer", "idna", "isodate", "typing_extensions", "urllib3")
ALONG_TOO = ("annotated_types", "pydantic_core", "typing_inspection")
# azure.core takes asynchronous HTTP where it is; it is left out of the deployment package.
ASYNCHRONOUS = ("aiohappyeyeballs", "aiohttp", "aiosignal", "attr", "frozenlist", "multidict", "propcache", "yarl")
KNOWN = (*DEAR, *CHEAP, *ALONG, *ALONG_TOO, *ASYNCHRONOUS, "cython_runtime")


def allowed(name: str, occasion: str) -> frozenset[str]:
    """The packages that a function's first message of a kind may bring."""
    trigger = FUNCTIONS[name]
    if name in NOTHING:
        return frozenset()
    if trigger["type"] == "eventGridTrigger" or trigger.get("route", "").startswith("api/hooks/"):
        return QUEUES
    if trigger["type"] == "queueTrigger":
        return DECIDING | WORK.get(occasion, frozenset())
    return DECIDING


def grouped() -> dict[frozenset[str], list[tuple[str, str]]]:
    """Functions, with what brings them to run, by what that may bring: a process is started for each of these."""
    found: dict[frozenset[str], list[tuple[str, str]]] = {}
    for name, trigger in FUNCTIONS.items():
        kinds = occasions(trigger) if trigger["type"] == "queueTrigger" else occasions(trigger)[:1]
        for occasion in kinds:
            found.setdefault(allowed(name, occasion), []).append((name, occasion))
    return found


def first_message(platform: Platform, name: str, occasion: str) -> Result:
    """Bring a function to run."""
    if name in READS:
        return ask(platform, FUNCTIONS[name], READS[name])
    if name in WRITES:
        address, body, _ = WRITES[name]
        return ask(platform, FUNCTIONS[name], address.format(request="0" * 64), body)
    return run(platform, name, FUNCTIONS[name], occasion)


def dear(modules: list[str]) -> set[str]:
    """The packages among them that a process should not load without need."""
    return {package for package in DEAR if any(covers(package, name) for name in modules)}


def unheard_of(modules: list[str]) -> list[str]:
    """What nobody has said of whether it is dear; private names are parts of something else."""
    return [name for name in outside(modules) if name[0] != "_" and not any(covers(one, name) for one in KNOWN)]


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAzure]:
    """An account with a service in it."""
    with OnAzure(tmp_path_factory.mktemp("azure")) as opened:
        opened.push("main")
        opened.until(lambda: opened.read("/api/services/delivery"))
        yield opened


@pytest.mark.parametrize("names", grouped().values(), ids=lambda names: "-".join(names[0]))
def test_a_first_message_loads_what_it_needs_and_no_more(azure: OnAzure, names: list[tuple[str, str]]) -> None:
    """Whichever of those with equal needs comes first; before it, nothing of others is there."""
    with Worker({**azure.settings, "SLIPWAY_REGISTRY_HOOK_SECRET": REGISTRY_SECRET}) as worker:
        before = outside(worker.modules())
        results = [first_message(Platform(worker), *name) for name in names]

        assert before == []
        assert [result for result in results if result.error or (result.returned and result.status >= 500)] == []
        assert dear(worker.modules()) - allowed(*names[0]) == set()
        assert unheard_of(worker.modules()) == []


def test_what_is_dear_is_known_by_the_names_of_its_modules() -> None:
    """A list that is empty by mistake would allow everything."""
    assert dear(["azure.storage.queue", "azure.core.pipeline", "helm_python", "semver"]) == {
        "azure.storage",
        "azure.core",
        "helm_python",
    }
    assert unheard_of(["azure.storage.queue", "_cffi_backend", "shared.app", "json", "boto3.session"]) == [
        "boto3.session"
    ]
