"""Wiring: one application for a process, made when it is needed, and what may take its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from shared import bootstrap, signing_in, telemetry, wiring
from shared.adapters.anchor_files import AnchorFiles
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.azure_storage.anchors import BlobAnchors
from shared.config import Identities, Settings
from shared.domain.policies.policy import GitOpsTarget, HelmTarget
from shared.domain.values.errors import InvalidValue
from shared.inbound.one_machine import OneMachinePolicies
from shared.inbound.with_identities import PoliciesWithIdentities
from shared.ports.errors import Permanent, Transient
from shared.ports.store import StoreUnavailable
from shared.storage_settings import Storage
from tests.support.acr import acr
from tests.support.entra_stand_in import TENANT, entra_stand_in
from tests.support.gitops import place_at
from tests.support.managed_identity import Asked, identity_endpoint
from tests.support.otlp_receiver import otlp_receiver
from tests.support.registries import a_layer

TARGET = GitOpsTarget(repository="environments.git", path="qa/delivery")


CACHED = (bootstrap.settings, bootstrap.database, bootstrap.credentials, bootstrap._wired, signing_in._sign_in)


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Leave no wiring behind, and find none."""
    for cached in CACHED:
        cached.let_go()
    bootstrap.use(None)
    yield
    bootstrap.use(None)
    telemetry.install(None)
    for cached in CACHED:
        cached.let_go()


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The variables of an installation below a folder."""
    settings = Settings(database=tmp_path / "state.db", work=tmp_path / "work", gitops=tmp_path)
    for name, value in settings.to_env().items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_a_process_has_one_application(environment: Path) -> None:
    """It is made by the first who asks, from the variables of the process."""
    first = bootstrap.app()
    again = bootstrap.app()
    bootstrap.database().close()

    assert again is first
    assert first.scratch == environment / "work" / "scratch"
    assert first.now().tzinfo is not None
    assert first.new_id() != first.new_id()


def test_a_given_application_takes_the_place_of_the_wired_one(environment: Path) -> None:
    """And gives it back."""
    wired = bootstrap.app()
    given = bootstrap.build(bootstrap.settings(), bootstrap.database(), now=bootstrap.utc_now)
    bootstrap.use(given)
    found = bootstrap.app()
    bootstrap.use(None)
    after = bootstrap.app()
    bootstrap.database().close()

    assert found is given
    assert after is wired


def test_an_installation_without_a_database_is_told_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written to a place that nobody chose."""
    for name in ("SLIPWAY_DATABASE", *Storage().to_env(), "SlipwayStorage"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(InvalidValue, match="set one to where the state is kept") as refused:
        bootstrap.app()

    assert refused.value.field == "SLIPWAY_DATABASE"


def test_gitops_is_looked_up_in_its_folder_unless_it_is_an_address(environment: Path) -> None:
    """A relative repository that is not there is named with the folder it was looked for in."""
    applier = bootstrap.app().access_as(None).applier(place_at(TARGET))
    with pytest.raises(Permanent) as missing:
        applier.running(place_at(TARGET))
    far = GitOpsTarget(repository="file:///nowhere/environments.git", path="qa/delivery")
    with pytest.raises(Transient) as elsewhere:
        applier.running(place_at(far))
    bootstrap.database().close()

    assert str(environment / "environments.git") in str(missing.value)
    assert "'/nowhere/environments.git'" in str(elsewhere.value)


def test_a_cluster_that_nobody_made_known_is_our_own_fault(environment: Path) -> None:
    """The release is not to blame for a setting; said are the environment, the cluster and what to set."""
    access, place = bootstrap.app().access_as(None), place_at(HelmTarget(cluster="prod-aks"))
    unknown = f"{place.environment} is in the cluster prod-aks, which SLIPWAY_CLUSTERS does not know"
    with pytest.raises(Permanent, match=unknown) as refused:
        access.applier(place).running(place)
    with pytest.raises(Permanent, match=unknown):
        access.watcher(place).observe(place, "")
    bootstrap.database().close()

    assert refused.value.ours is True


@pytest.mark.parametrize("storage", [Storage(connection="UseDevelopmentStorage=true"), Storage(account="fabrikam")])
def test_state_is_kept_in_the_storage_account_where_no_file_is_named(
    monkeypatch: pytest.MonkeyPatch, storage: Storage
) -> None:
    """Nothing is sent before something is read or written."""
    monkeypatch.delenv("SLIPWAY_DATABASE", raising=False)
    for name, value in {**storage.to_env(), "SLIPWAY_IDENTITY": "own-id"}.items():
        monkeypatch.setenv(name, value)

    opened = bootstrap.database()
    opened.close()

    assert isinstance(opened, AzureStorage)


def test_without_identities_every_environment_is_acted_on_as_one(environment: Path) -> None:
    """As on one machine, whatever the file names."""
    app = bootstrap.app()
    bootstrap.database().close()

    assert app.access_as("production") is app.access_as(None)
    assert isinstance(app.policies, OneMachinePolicies)


def test_each_identity_signs_in_for_itself(environment: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """At the registry that the installation names; one that is not held here signs in nowhere."""
    with identity_endpoint() as endpoint, acr(endpoint.holder) as (host, registry):
        held = Identities(own="id-own", held={"qa": "id-qa"})
        settings = Settings(database=environment / "state.db", registry=host, identities=held)
        for name, value in {**settings.to_env(), **endpoint.assign("app", "id-own", "id-qa")}.items():
            monkeypatch.setenv(name, value)
        app = bootstrap.app()
        digest = app.access_as(None).registry.push_image(host, "delivery", a_layer(tmp_path), {})
        found = app.access_as("qa").registry.has(host, "delivery", digest)
        with pytest.raises(Permanent, match="production is not held here"):
            app.access_as("production")
        bootstrap.database().close()

    assert found
    assert ("push", "delivery") in registry.did("id-own")
    assert registry.did("id-qa") == {("pull", "delivery")}
    assert isinstance(app.policies, PoliciesWithIdentities)
    assert app.production == {"production"}


def test_the_account_is_opened_with_slipways_own_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables and queues alike; the account does not exist, and is asked nothing before a token is there."""
    monkeypatch.delenv("SLIPWAY_DATABASE", raising=False)
    with identity_endpoint() as endpoint:
        storage = Storage(account="fabrikam", suffix="invalid")
        own = {"SLIPWAY_IDENTITY": "id-own", **endpoint.assign("app", "id-own")}
        for name, value in {**storage.to_env(), **own}.items():
            monkeypatch.setenv(name, value)
        database = bootstrap.database()
        with pytest.raises(StoreUnavailable):
            database.store.read("shipping~delivery")
        with pytest.raises(StoreUnavailable):
            database.queues.send("slipway-events", "{}")
        database.close()

    assert set(endpoint.asked) == {Asked("app", "id-own", "https://storage.azure.com")}


def test_the_directory_is_asked_as_slipway_itself(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever there are identities or a tenant; and nothing is asked for before somebody needs it."""
    with identity_endpoint() as endpoint, entra_stand_in() as entra:
        entra.knows = lambda token: endpoint.holder(token, entra.url) == "id-own"
        for name, value in {
            **entra.variables(),
            **endpoint.assign("app", "id-own"),
            "SLIPWAY_IDENTITY": "id-own",
        }.items():
            monkeypatch.setenv(name, value)
        directory = bootstrap.app().directory
        bootstrap.database().close()
        before = [*endpoint.asked, *entra.seen]
        assert directory is not None
        found = directory.people("nobody@example.com")

    assert (before, found) == ([], ())
    assert endpoint.asked == [Asked("app", "id-own", entra.url)]


@pytest.mark.parametrize(
    ("variables", "there"),
    [
        ({}, False),
        ({"SLIPWAY_ENTRA_TENANT": TENANT}, True),
        ({"SLIPWAY_IDENTITY": "id-own"}, True),
        ({"SLIPWAY_IDENTITIES": '{"qa": "id-qa"}'}, True),
    ],
)
def test_approvers_are_pinned_wherever_people_of_a_tenant_sign_in_or_there_are_identities(
    environment: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variables: dict[str, str],
    there: bool,
) -> None:
    """Attack: have an approver's mail in one's own tenant, and come as a guest. Defence: a name is looked up, or a fault.

    The app that reads configurations may be another one than that which signs people in.
    """
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    directory = bootstrap.app().directory
    bootstrap.database().close()

    assert (directory is not None) is there
    assert ("set SLIPWAY_IDENTITY" in caplog.text) is ("SLIPWAY_ENTRA_TENANT" in variables)
    if directory is not None and "SLIPWAY_IDENTITY" not in variables:
        for look_up in (directory.people, directory.groups):
            with pytest.raises(Permanent, match="SLIPWAY_IDENTITY is not set"):
                look_up("a@example.com")


def test_a_host_is_believed_as_long_as_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """And each by itself."""
    monkeypatch.setattr(signing_in, "_hosts", [])  # other tests' hosts may run in this process
    one, other = object(), object()
    found = []
    for change, host in (
        (signing_in.trust, one),
        (signing_in.trust, other),
        (signing_in.distrust, one),
        (signing_in.distrust, other),
    ):
        change(host)
        found.append(signing_in.sign_in().host_vouches)

    assert found == [True, True, True, False]


@pytest.mark.parametrize("to", ["off", "otlp", "azure-monitor"])
def test_spans_and_measures_are_taken_where_the_settings_say_so(to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where nothing was chosen."""
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    monkeypatch.setenv("APPLICATIONINSIGHTS_SDKSTATS_DISABLED", "true")
    with otlp_receiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        connection = f"InstrumentationKey={UUID(int=1)};IngestionEndpoint={receiver.url}/"
        monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", connection)

        made = wiring.export(to)
        telemetry.measure("slipway.deployments", 1)
        if made is not None:
            made.close()

        assert telemetry.exporting() == (to != "off")
        assert bool(receiver.bodies) == (to != "off")


def test_anchors_lie_beside_the_file_or_in_the_account(environment: Path) -> None:
    """What is kept in neither has another to be compared with."""
    files = bootstrap.app().anchors
    account = bootstrap.build(Settings(storage=Storage(account="acme")), bootstrap.database(), now=bootstrap.utc_now)
    connection = Storage(connection="DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5")
    emulated = bootstrap.build(Settings(storage=connection), bootstrap.database(), now=bootstrap.utc_now)
    bootstrap.database().close()

    assert isinstance(files, AnchorFiles)
    files.put("2026-11-23.json.gz", b"kept")
    assert (environment / "anchors" / "2026-11-23.json.gz").read_bytes() == b"kept"
    assert isinstance(account.anchors, BlobAnchors)
    assert isinstance(emulated.anchors, BlobAnchors)
