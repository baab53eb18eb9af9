"""Settings: what the variables of an installation come to, and what a wrong one is answered with."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from shared.build_settings import BuildSettings
from shared.chart_settings import ChartSettings
from shared.cluster_settings import ClusterSettings
from shared.config import MIB, Identities, Settings
from shared.domain.values.errors import InvalidValue
from shared.inbound.entra import Entra
from shared.ports.chart_limits import ChartLimits
from shared.ports.known_cluster import KnownCluster
from shared.storage_settings import Storage

CONNECTION = (
    "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=k3y;TableEndpoint=https://a.table.core.windows.net;"
)
EVERYTHING = Settings(
    database=Path("/var/slipway/state.db"),
    storage=Storage(connection=CONNECTION, suffix="core.chinacloudapi.cn"),
    identities=Identities(own="own-id", held={"qa": "qa-id"}, production=frozenset({"production", "prod-eu"})),
    work=Path("/var/slipway/work"),
    repositories={"shipping": Path("/srv/git/shipping.git")},
    gitops=Path("/srv/git"),
    gitops_credentials={"https://git.example.com/team": "robot:pa55:word"},
    registry="localhost:5000",
    entra=Entra(
        tenant="11111111-1111-4111-8111-11111111111a",
        audiences=("22222222-2222-4222-8222-222222222222", "api://slipway"),
        authority="https://login.microsoftonline.us",
        graph="https://graph.microsoft.us",
    ),
    hook_secrets=frozenset({"s3cret", "s3cond"}),
    registry_hook_secrets=frozenset({"an0ther"}),
    max_body=2 * MIB,
    roles=frozenset({"control", "nonprod"}),
    rollout_poll=timedelta(milliseconds=250),
    charts=ChartSettings(
        limits=ChartLimits(
            resident=256 * MIB,
            address_space=8192 * MIB,
            processor=timedelta(seconds=5),
            wall=timedelta(seconds=9),
            output=4 * MIB,
        ),
        hosts=frozenset({"ghcr.io", "charts.example.com:8443"}),
        outgoing={"HTTPS_PROXY": "http://proxy:3128", "SSL_CERT_FILE": "/etc/ca.pem"},
    ),
    builds=BuildSettings(disk=100 * MIB, caches=200 * MIB, reads=(Path("/srv/rustup"), Path("/srv/sdk"))),
    clusters=ClusterSettings(
        known={
            "near": KnownCluster(context="kind", identities=frozenset({"qa"}), shared=True),
            "far": KnownCluster(
                server="https://cluster.example.com", token_file=Path("/token"), identities=frozenset({"qa"})
            ),
            "azure": KnownCluster(
                aks=f"/subscriptions/{'1' * 36}/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c"
            ),
        },
        kubeconfig=Path("/etc/slipway/kubeconfig"),
        arm="https://management.usgovcloudapi.net",
    ),
    telemetry="otlp",
    path="/usr/bin",
    account_keys=True,
)


@pytest.mark.parametrize("settings", [EVERYTHING, Settings()], ids=["everything", "nothing"])
def test_a_child_process_reads_the_settings_it_was_given(settings: Settings) -> None:
    """What to_env writes, from_env reads."""
    assert Settings.from_env(settings.to_env()) == settings


def test_an_empty_environment_gives_the_defaults() -> None:
    """No database, nothing local, every role."""
    assert Settings.from_env({}) == Settings()


def test_the_environment_of_the_process_is_read_where_none_is_given() -> None:
    """PATH is there in every process."""
    assert Settings.from_env().path == os.environ["PATH"]


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
def test_no_secret_is_none_however_it_is_written(text: str) -> None:
    """An empty one would let everybody in who shows an empty one."""
    found = Settings.from_env({"SLIPWAY_HOOK_SECRET": text, "SLIPWAY_REGISTRY_HOOK_SECRET": text})

    assert found.hook_secrets == found.registry_hook_secrets == frozenset()


@pytest.mark.parametrize(
    "name", ["SLIPWAY_CHART_MEMORY_MIB", "SLIPWAY_CHART_TIME_S", "SLIPWAY_BUILD_DISK_MIB", "SLIPWAY_BUILD_CACHES_MIB"]
)
def test_a_limit_leaves_room_for_what_is_ordinary(name: str) -> None:
    """With less no chart would be rendered and nothing built, and each would be called at fault."""
    with pytest.raises(InvalidValue, match=f"{name}: 0 is less than"):
        Settings.from_env({name: "0"})


def test_roles_are_a_list_with_commas() -> None:
    """Spaces and empty parts are nobody's role."""
    assert Settings.from_env({"SLIPWAY_ROLES": " control, ,nonprod,"}).roles == {"control", "nonprod"}


@pytest.mark.parametrize(
    ("roles", "identities"),
    [
        ("", "{}"),
        ("", '{"production": "p", "qa": "q"}'),
        ("control", "{}"),
        ("control,nonprod", '{"qa": "q"}'),
        ("production", '{"production": "p"}'),
        ("control,nonprod,production", '{"production": "p"}'),
    ],
)
def test_an_app_holds_the_identities_of_its_roles(roles: str, identities: str) -> None:
    """One with all of them may hold all."""
    made = Settings.from_env({"SLIPWAY_ROLES": roles, "SLIPWAY_IDENTITIES": identities})

    assert made.identities.held == json.loads(identities)


@pytest.mark.parametrize(
    ("roles", "identities", "problem"),
    [
        ("production", "{}", "has no client id for prod-eu, production, which the role production acts with"),
        ("nonprod,production", '{"production": "p"}', "has no client id for prod-eu, which"),
        (
            "nonprod",
            '{"qa": "q", "production": "p"}',
            "names production, which is for the app with the role production",
        ),
        ("control", '{"prod-eu": "p"}', "names prod-eu, which is for the app with the role production"),
    ],
)
def test_an_app_that_lacks_productions_identity_or_should_not_have_it_does_not_start(
    roles: str, identities: str, problem: str
) -> None:
    """Said before the first message, by the setting that is wrong."""
    known = {"SLIPWAY_PRODUCTION_IDENTITIES": "production, prod-eu"}
    with pytest.raises(InvalidValue, match=problem) as refused:
        Settings.from_env({"SLIPWAY_ROLES": roles, "SLIPWAY_IDENTITIES": identities, **known})

    assert refused.value.field == "SLIPWAY_IDENTITIES"


def test_an_installation_may_have_no_identity_for_production() -> None:
    """Its worker then has nothing to do."""
    made = Settings.from_env({"SLIPWAY_ROLES": "production", "SLIPWAY_PRODUCTION_IDENTITIES": ""})

    assert made.identities.production == frozenset()


@pytest.mark.parametrize("name", ["SLIPWAY_MAX_BODY", "SLIPWAY_ROLLOUT_POLL_MS"])
@pytest.mark.parametrize("value", ["", "-1", "1.5", "1e3", "ten", "٣x"])
def test_a_number_that_is_none_is_refused_by_its_name(name: str, value: str) -> None:
    """The message names the variable and shows the value."""
    with pytest.raises(InvalidValue, match="is not a whole number") as refused:
        Settings.from_env({name: value})

    assert refused.value.field == name


@pytest.mark.parametrize("name", ["SLIPWAY_REPOSITORIES", "SLIPWAY_IDENTITIES"])
@pytest.mark.parametrize("value", ["{", "[]", '{"shipping": 1}', '"shipping"'])
def test_names_with_something_else_than_texts_are_refused(name: str, value: str) -> None:
    """Broken JSON, a list, a number for a path, a bare text."""
    with pytest.raises(InvalidValue) as refused:
        Settings.from_env({name: value})

    assert refused.value.field == name


def test_no_secret_is_shown_where_settings_are_printed() -> None:
    """A traceback or a log line with the settings in it gives nothing away."""
    shown = repr(EVERYTHING)

    assert "s3cret" not in shown
    assert "s3cond" not in shown
    assert "an0ther" not in shown
    assert "k3y" not in shown
    assert "pa55" not in shown


def test_the_directory_is_written_in_one_way() -> None:
    """Tokens name the tenant in small letters, and an address is one with and without a slash at its end."""
    variables = {
        "SLIPWAY_ENTRA_TENANT": "11111111-1111-4111-8111-11111111111A",
        "SLIPWAY_ENTRA_AUTHORITY": "https://login.microsoftonline.us/",
        "SLIPWAY_GRAPH": "",
        "SLIPWAY_ENTRA_AUDIENCES": " b , a,",
    }

    assert Settings.from_env(variables).entra == Entra(
        tenant="11111111-1111-4111-8111-11111111111a",
        audiences=("a", "b"),
        authority="https://login.microsoftonline.us",
    )


@pytest.mark.parametrize(("value", "on"), [("True", True), ("true", True), ("False", False), ("", False), ("1", False)])
def test_whether_easy_auth_is_on_is_the_platforms_to_say(value: str, on: bool) -> None:
    """No child process is told so by us."""
    found = Settings.from_env({"WEBSITE_AUTH_ENABLED": value})

    assert found.easy_auth is on
    assert "WEBSITE_AUTH_ENABLED" not in found.to_env()


def test_telemetry_goes_nowhere_unless_it_is_asked_for() -> None:
    """Azure sets its connection string by itself; that alone asks for nothing."""
    found = Settings.from_env({"APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=k3y"})

    assert found.telemetry == "off"
    assert "k3y" not in repr(found)


@pytest.mark.parametrize(
    ("to", "problem"), [("jaeger", "known are: off, otlp, azure-monitor"), ("azure-monitor", "CONN")]
)
def test_a_way_for_telemetry_that_leads_nowhere_is_refused(to: str, problem: str) -> None:
    """At the start, and not when the first span is lost."""
    with pytest.raises(InvalidValue, match=problem):
        Settings.from_env({"SLIPWAY_TELEMETRY": to})


def test_azure_monitor_is_taken_with_its_connection() -> None:
    """Which its own exporter reads."""
    variables = {"SLIPWAY_TELEMETRY": "azure-monitor", "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=k"}

    assert Settings.from_env(variables).telemetry == "azure-monitor"


@pytest.mark.parametrize(
    "text",
    [
        '{"http://git.example.com": "a:s3cret"}',
        '{"https://": "a:s3cret"}',
        '{"https://a:s3cret@git.example.com": "a:b"}',
        '{"https://git.example.com": "s3cret"}',
        '{"https://git.example.com": "a:s3cret\\n"}',
    ],
)
def test_what_is_shown_to_git_repositories_is_checked_and_not_told(text: str) -> None:
    """An address by https, and a name with a password; the refusal holds neither."""
    with pytest.raises(InvalidValue) as refused:
        Settings.from_env({"SLIPWAY_GITOPS_CREDENTIALS": text})

    assert refused.value.field == "SLIPWAY_GITOPS_CREDENTIALS"
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["slipway.example.com", "https://", "https://a b", "ftp://a", "https://a?x", "https://a#x", "https://u@a"]
)
def test_an_address_that_leads_nowhere_is_refused(text: str) -> None:
    """Statuses of commits would lead there."""
    with pytest.raises(InvalidValue, match="is no address such as") as refused:
        Settings.from_env({"SLIPWAY_URL": text})

    assert refused.value.field == "SLIPWAY_URL"


@pytest.mark.parametrize(
    "text", ["https://slipway.example.com", "https://slipway.example.com/", "http://localhost:7071"]
)
def test_an_address_is_kept_without_the_slash_at_its_end(text: str) -> None:
    """Paths begin with one."""
    assert Settings.from_env({"SLIPWAY_URL": text}).url == text.rstrip("/")
