"""What is said of a monorepo before anybody installs anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.local.__main__ import main
from infra.local.check.command import check
from infra.local.check.report import Mark
from shared.adapters.local_build import NO_COMMAND
from shared.ports.errors import NotFound
from tests.support.build_site import SAMPLE
from tests.support.check_lines import lines
from tests.support.documents import CONFIGURATION, section, text
from tests.support.git_repositories import GitRepository, a_repository
from tests.support.tree_state import tree_state

CHART = "charts/delivery/templates/deployment.yaml"


def changes(repository: GitRepository, ref: str | None = None) -> str:
    """Everything that has to be changed, as one text."""
    return "\n".join(lines(check(repository.path, ref), Mark.CHANGE))


def test_the_sample_needs_no_change(repository: GitRepository, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says so, and who is asked, what is rendered and what validates it."""
    code = main(["check", "--repo", str(repository.path)])

    said = capsys.readouterr().out
    assert (code, said.endswith("\nnothing to change\n")) == (0, True)
    assert "rendered for qa, production" in said
    assert "production: asks 1 of release-manager@example.com, group release-managers, not the author" in said
    assert "is validated by pushes to main, feature/package/* of src/shipping/package, charts/package" in said


def test_nothing_is_kept_and_nothing_is_written(repository: GitRepository, tmp_path: Path) -> None:
    """The repository is as it was, and no other file is there."""
    before = tree_state(tmp_path)

    check(repository.path, None)

    assert tree_state(tmp_path) == before


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({CHART: "kind: {{ .Values.nobody.wrote.this }}\n"}, "charts/delivery/templates/deployment.yaml:1: "),
        ({"charts/delivery/Chart.yaml": "name: other\nversion: 1.0.0\napiVersion: v2\n"}, "names the chart other"),
        ({"src/shipping/delivery/Dockerfile": None}, "there is no src/shipping/delivery/Dockerfile"),
        ({"slipway.yaml": "version: 1\nservces: {}\n"}, "slipway.yaml:2: servces: is not a key here"),
        ({"slipway.yaml": None}, "there is no slipway.yaml at its root; see docs/configuration.md"),
        (
            {"slipway.yaml": None, "slipway.yml": "version: 1\n", "charts/slipway.yaml": "x"},
            "there is no slipway.yaml at its root; is slipway.yml meant? name it slipway.yaml",
        ),
        (
            {"charts/delivery/values-production.yaml": "replicas: 1\nenv: [\n"},
            "lint of chart delivery: charts/delivery/values-production.yaml: error converting YAML to JSON: yaml: line 2",
        ),
        (
            {"src/shipping/delivery/model.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"},
            "src/shipping/delivery/model.bin is a pointer of Git LFS",
        ),
        ({CHART: "kind: Pod\nspec: {containers: [{image: busybox}]}\n"}, "production would block: "),
    ],
    ids=["template", "chart name", "Dockerfile", "key", "no file", "another name", "values", "LFS", "manifests"],
)
def test_what_would_fail_is_said_with_its_place(
    repository: GitRepository, files: dict[str, str | None], said: str
) -> None:
    """One line each, and the exit code is 1."""
    repository.commit(files)

    assert said in changes(repository)
    assert main(["check", "--repo", str(repository.path)]) == 1


def test_every_finding_of_an_environment_is_a_line(repository: GitRepository) -> None:
    """Not the first with a number of others: 50, and how many there are besides."""
    pods = "---\n".join(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number:02}}}\nspec: {{containers: [{{name: x, image: busybox}}]}}\n"
        for number in range(60)
    )
    repository.commit({"charts/delivery/templates/more.yaml": pods})

    found = [
        one for one in lines(check(repository.path, None), Mark.CHANGE) if one.startswith("production would block")
    ]

    assert found[0].startswith("production would block: Pod/p00: ")
    assert len(set(found)) == len(found) == 51
    assert found[-1] == "production would block: manifests: have 190 other findings, not listed here"


def test_what_a_deployer_of_a_cluster_has_no_right_to_is_said(repository: GitRepository) -> None:
    """For the environments that Helm deploys to, and with what names the namespace of another one for all."""
    configuration = (SAMPLE / "slipway.yaml").read_text()
    production = configuration.index("  production:")
    by_helm = re.sub(r"deploy: .*", "deploy: {helm: {cluster: blue}}", configuration[production:])
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x, namespace: backend-qa}\n"
    repository.commit(
        {"slipway.yaml": configuration[:production] + by_helm, "charts/delivery/templates/role.yaml": role}
    )

    found = changes(repository)
    assert "production would block: Role/x: kind: gives rights, and the deployer's Role holds none of these" in found
    assert "production would block: Role/x: metadata.namespace: names backend-qa, the namespace of qa" in found
    assert "qa would block" not in found


@pytest.mark.parametrize(
    ("build", "said"),
    [
        ("{test_target: testrunner}", f"nothing on this machine runs build.test_target (testrunner): {NO_COMMAND}"),
        ("{}", NO_COMMAND),
    ],
)
def test_a_service_that_no_command_tests_is_a_change(repository: GitRepository, build: str, said: str) -> None:
    """Its first build would fail in the same words."""
    file = (SAMPLE / "slipway.yaml").read_text(encoding="utf-8")
    repository.commit({"slipway.yaml": file.replace('{test: "python -m unittest"}', build)})

    assert changes(repository) == said


def test_a_fault_of_the_file_says_that_nothing_else_was_looked_at(repository: GitRepository) -> None:
    """So that nobody takes the rest for good."""
    repository.commit({"slipway.yaml": "version: 1\nservces: {}\n", "src/shipping/delivery/Dockerfile": None})

    assert lines(check(repository.path, None), Mark.NOTE) == [
        "nothing else was looked at yet: mend slipway.yaml, then run this again"
    ]


def test_the_chart_that_is_documented_does_for_every_environment(repository: GitRepository) -> None:
    """What docs/configuration.md gives to copy, and no other template."""
    [template] = re.findall(
        r"^```yaml\n(.*?)^```", section(CONFIGURATION, "What a service's chart has to do"), re.M | re.S
    )
    [values] = re.findall(r"defaults of the three \(`(.+?)`, `(.+?)`\)", text(CONFIGURATION))
    chart = {f"charts/delivery/templates/{name}": None for name in ("ingress.yaml", "service.yaml", "_names.tpl")}
    repository.commit({**chart, CHART: template, "charts/delivery/values.yaml": "\n".join(values)})

    assert changes(repository) == ""


def test_release_branches_that_release_nothing_are_named(repository: GitRepository) -> None:
    """Of an unknown service, or with no version."""
    for branch in ("release/delivery/v1.0.0", "release/nobody/v1.0.0", "release/delivery/1.0"):
        repository.commit({"x": "y"}, branch=branch)

    notes = [note for note in lines(check(repository.path, None), Mark.NOTE) if "releases nothing" in note]

    assert [note.partition(":")[0] for note in notes] == [
        "release/delivery/1.0 releases nothing",
        "release/nobody/v1.0.0 releases nothing",
    ]


def test_a_branch_is_looked_at_by_its_name_and_said_to_be_another(repository: GitRepository) -> None:
    """What is in force is the default branch's."""
    commit = repository.commit({"slipway.yaml": "version: 2\n"}, branch="feature/x", on=repository.tip())

    for ref in ("feature/x", "refs/heads/feature/x", commit):
        report = check(repository.path, ref)
        assert any("the one in force is that of main" in note for note in lines(report, Mark.NOTE))
        assert "version: 2 is not read" in "\n".join(lines(report, Mark.CHANGE))
    assert changes(repository) == ""


def test_what_one_machine_does_without_is_a_note(repository: GitRepository) -> None:
    """An installation needs a registry, and to be told where environments are."""
    text = "version: 1\nservices: {delivery: {path: src/shipping/delivery, build: {test: x}}}\nenvironments: {qa: {}}\n"
    repository.commit({"slipway.yaml": text})
    notes = "\n".join(lines(check(repository.path, None), Mark.NOTE))

    assert "environments.qa.deploy: is missing: say where qa is, by gitops or helm (on one machine" in notes


def test_what_is_no_repository_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And a branch that is not there."""
    assert main(["check", "--repo", str(tmp_path)]) == 2
    assert "is not a git repository" in capsys.readouterr().err
    a_repository(tmp_path / "shop.git", {"x": "y"})
    with pytest.raises(NotFound, match="there is no branch nope"):
        check(tmp_path / "shop.git", "nope")
    assert main(["check", "--repo", str(tmp_path / "shop.git"), "--ref", "nope"]) == 2


def test_attack_move_the_cursor_of_whoever_looks(repository: GitRepository) -> None:
    """What a branch brings is shown without control characters."""
    repository.commit({"slipway.yaml": 'version: 1\n"\\e[2J": 5\n'})

    assert "\x1b" not in check(repository.path, None).text()
