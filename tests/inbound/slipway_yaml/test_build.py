"""What a service is built from, and what its tests see of the host."""

from __future__ import annotations

import pytest

from shared.domain.policies.policy import GitOpsTarget, ServicePolicy
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.policies import BrokenPolicy

FILES = ("src/one/Dockerfile", "charts/one/Chart.yaml", "docker/one.Dockerfile", "src/shared/x.py")
READER = SlipwayYaml(local_deploy=GitOpsTarget(repository="environments.git"))


def compiled(build: str, *, files: tuple[str, ...] = FILES) -> ServicePolicy:
    text = f"version: 1\nregistry: r.io\nservices: {{one: {{build: {build}}}}}\n"
    return READER.compile(text.encode(), repository="monorepo", commit="c1", files=files).services[0]


def said(build: str) -> str:
    with pytest.raises(BrokenPolicy) as broken:
        compiled(build)
    [fault] = broken.value.faults
    return f"{fault.key}: {fault.problem}"


def test_an_image_is_built_from_the_services_own_folder_and_dockerfile() -> None:
    """Unless the file says otherwise."""
    policy = compiled("{test: make}")

    assert (policy.dockerfile, policy.context) == ("src/one/Dockerfile", "src/one")
    assert policy.triggers.paths.include == ("src/one", "charts/one")


def test_another_dockerfile_and_context_count_for_triggers_too() -> None:
    """What goes into the image changes the service."""
    policy = compiled("{dockerfile: ./docker/one.Dockerfile, context: src/}")

    assert (policy.dockerfile, policy.context) == ("docker/one.Dockerfile", "src")
    assert policy.triggers.paths.include == ("src/one", "charts/one", "src", "docker/one.Dockerfile")


@pytest.mark.parametrize("written", ["'.'", "./"])
def test_the_whole_repository_may_be_the_context(written: str) -> None:
    """Then every change counts."""
    policy = compiled(f"{{context: {written}}}")

    assert policy.context == ""
    assert policy.triggers.paths.include == ("src/one", "charts/one", "/")


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        ("{dockerfile: docker/typo}", "services.one.build.dockerfile: docker/typo is not a file of the repository"),
        ("{dockerfile: docker}", "services.one.build.dockerfile: docker is not a file of the repository"),
        ("{context: typo}", "services.one.build.context: typo is not a folder of the repository"),
        ("{context: src/one/Dockerfile}", "services.one.build.context: src/one/Dockerfile is not a folder of the repository"),
        ("{context: ../x}", "services.one.build.context: '../x' must be a path below the root of the repository"),
        ("{dockerfile: /etc/passwd}", "services.one.build.dockerfile: '/etc/passwd' must be a path below the root of the repository"),
    ],
)  # fmt: skip
def test_a_place_that_is_not_there_is_a_fault(build: str, problem: str) -> None:
    """It is told of before anything is built."""
    assert said(build) == problem


def test_a_tree_that_is_not_known_is_believed() -> None:
    """As for the service's folder."""
    text = "version: 1\nregistry: r.io\nservices: {one: {path: a, chart: b, build: {dockerfile: c, context: d}}}\n"

    [policy] = READER.compile(text.encode(), repository="monorepo", commit="c1", files=()).services

    assert (policy.dockerfile, policy.context) == ("c", "d")


@pytest.mark.parametrize(
    "name",
    [
        "SLIPWAY_HOOK_SECRET", "slipway_storage", "IDENTITY_HEADER", "IDENTITY_ENDPOINT", "MSI_SECRET", "AzureWebJobsStorage",
        "AZURE_CLIENT_SECRET", "APPSETTING_X", "APPLICATIONINSIGHTS_CONNECTION_STRING", "WEBSITE_AUTH_ENCRYPTION_KEY",
        "SQLCONNSTR_main", "CUSTOMCONNSTR_x", "FUNCTIONS_WORKER_RUNTIME", "CONTAINER_ENCRYPTION_KEY", "MyConnectionString",
        "OTEL_EXPORTER_OTLP_HEADERS", "LD_PRELOAD",
    ],
)  # fmt: skip
def test_attack_a_build_asks_for_slipways_own_settings(name: str) -> None:
    """No key of ours, nor what a token of an identity is got with, reaches code that a push brought."""
    assert said(f"{{env: [{name}]}}").endswith(
        f"{name} may be a setting or a secret of Slipway or of its host, and never reaches a build"
    )


def test_a_variable_has_a_name() -> None:
    """And no value: the file is in the repository."""
    assert said("{env: ['NPM_TOKEN=x']}").endswith("'NPM_TOKEN=x' is not the name of an environment variable")
