"""The odd services, one for each kind of thing that repositories, charts and builds bring."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.odd.service import BLOCKED, DEPLOYMENT, FAILS, TEST, VALUES, Link, Odd, Submodule

_POD = "securityContext: {runAsUser: 0}, containers: [{name: miner, image: busybox}]"
_CAUSE = "annotations: {kubernetes.io/change-cause: x}"
_BAD = (
    f"apiVersion: apps/v1, kind: Deployment, metadata: {{name: m, {_CAUSE}}}, spec: {{template: {{spec: {{{_POD}}}}}}}"
)
_NEEDS = VALUES + "needed:\n"
_REPORT = "from pathlib import Path; Path('testresults').mkdir(); Path('testresults/r.xml').write_bytes({!r})"


def _more(text: str) -> dict[str, str]:
    return {"chart/templates/more.yaml": text}


def _report(content: bytes, then: str = "") -> dict[str, str]:
    return {"app/run.py": f"{_REPORT.format(content)}\n{then}\n"}


_FINDINGS: Mapping[str, Odd] = {
    "list-kind": Odd(ends=BLOCKED, because="Deployment/m", files=_more(f"apiVersion: apps/v1\nkind: DeploymentList\nitems: [{{{_BAD}}}]\n")),
    "list-in-list": Odd(ends=BLOCKED, because="Deployment/m", files=_more(f"apiVersion: v1\nkind: List\nitems: [{{kind: List, items: [{{{_BAD}}}]}}]\n")),
    "controller": Odd(ends=BLOCKED, because="ReplicationController", files=_more(f"{{{_BAD.replace('Deployment', 'ReplicationController')}}}\n")),
    "custom": Odd(ends=BLOCKED, because="Rollout", files=_more(f"{{{_BAD.replace('Deployment', 'Rollout')}}}\n")),
    "null-user": Odd(files={"chart/templates/app.yaml": DEPLOYMENT.replace("runAsNonRoot: true", "runAsNonRoot: true, runAsUser: null")}),
    "root-image": Odd(ends=BLOCKED, because="root", files={"app/Dockerfile": "FROM alpine\nUSER 00\n"}),
    "test-hook": Odd(files=_more("apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: a, image: busybox}]}\n")),
}  # fmt: skip
_SET: Mapping[str, Odd] = {
    "set-false": Odd(files=_more('{{ if .Values.debug.enabled }}{{ fail "debug is on" }}{{ end }}\n')),
    "set-schema": Odd(files={"chart/values.schema.json": '{"properties": {"replicas": {"type": "integer"}}}'}),
    "set-index": Odd(
        files={
            "chart/values.yaml": VALUES + "hosts: [{name: a}]\n",
            **_more('{{ if ne (index .Values.hosts 0).name "b" }}{{ fail "not b" }}{{ end }}\n'),
        }
    ),
    "set-dotted": Odd(files=_more('{{ if ne (index .Values.notes "a.b") "x" }}{{ fail "not x" }}{{ end }}\n')),
    "set-null": Odd(files={"chart/values.yaml": VALUES + "gone: 1\n", **_more('{{ if hasKey .Values "gone" }}{{ fail "still there" }}{{ end }}\n')}),
    "condition": Odd(
        files={
            "chart/Chart.yaml": "apiVersion: v2\nname: condition\nversion: 0.1.0\ndependencies: [{name: sub, version: 0.1.0, condition: debug.enabled, repository: 'file://../sub-of-condition'}]\n",
            "/charts/sub-of-condition/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 0.1.0\n",
            "/charts/sub-of-condition/templates/x.yaml": '{{ fail "taken in" }}\n',
        }
    ),
}  # fmt: skip
_YAML: Mapping[str, Odd] = {
    "equals": Odd(files=_more("apiVersion: v1\nkind: X\nmetadata: {name: x}\nenum: ['!=', =]\n")),
    "tabs": Odd(files=_more('{\n\t"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}\n}\n')),
    "prefix": Odd(files=_more("apiVersion: v1\nkind: X\nmetadata: {name: x}\nprefix: 0x_\n")),
    "deep": Odd(ends=BLOCKED, because="deep", files=_more("apiVersion: v1\nkind: X\nmetadata: {name: x}\nn: " + "[" * 600 + "]" * 600 + "\n")),
    "random": Odd(files={"chart/templates/app.yaml": DEPLOYMENT + "{{- $x := randAlphaNum 9 }}\n---\napiVersion: v1\nkind: X\nmetadata: {name: {{ $x | quote }}, at: {{ now | quote }}}\n"}),
    "bomb": Odd(ends=FAILS, because="MiB", files=_more('{{ $x := repeat 900000000 "aaaaaaaaaa" }}kind: X\n')),
    "loop": Odd(ends=FAILS, because="chart", files=_more("{{ range until 100000000 }}{{ end }}kind: X\n")),
    "aliases": Odd(
        ends=FAILS,
        because="Chart.yaml",
        files={"chart/Chart.yaml": "name: aliases\nversion: *h\na: &a [x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True))},
    ),
    "no-render": Odd(ends=FAILS, because="nobody", files=_more("kind: {{ .Values.nobody.wrote.this }}\n")),
    "other-name": Odd(ends=FAILS, because="names the chart other", files={"chart/Chart.yaml": "apiVersion: v2\nname: other\nversion: 0.1.0\n"}),
    "needs-value": Odd(files={"chart/values.yaml": _NEEDS, **_more('apiVersion: v1\nkind: X\nmetadata: {name: {{ required "needed" .Values.needed }}}\n'), "/deploy/needs-value.yaml": "needed: x\n"}),
}  # fmt: skip
_TREES: Mapping[str, Odd] = {
    "link-folder": Odd(files={"app": Link("../elsewhere"), "/elsewhere/Dockerfile": "FROM alpine\nUSER 10001\n", "/elsewhere/test_it.py": TEST}),
    "link-out": Odd(ends=FAILS, because="leads out", files={"app/x": Link("/etc/passwd")}),
    "link-values": Odd(files={"/deploy/link-values.yaml": Link("common.yaml"), "/deploy/common.yaml": "linked: x\n", "chart/values.yaml": _NEEDS, **_more('apiVersion: v1\nkind: X\nmetadata: {name: {{ required "linked" .Values.linked }}}\n')}),
    "link-chart": Odd(files={"chart/templates/more.yaml": Link("../../../shared/more.yaml"), "/shared/more.yaml": "apiVersion: v1\nkind: X\nmetadata: {name: x}\n"}),
    "lfs": Odd(ends=FAILS, because="Git LFS", files={"app/model": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"}),
    "submodule": Odd(ends=FAILS, because="submodule", files={"app/other": Submodule()}),
    "attributes": Odd(files={"/.gitattributes": "services/attributes/test_it.py export-ignore\n*.py ident eol=crlf\n"}),
    "co-author": Odd(trailer="co-AUTHORED-by: Rita <release-manager@example.com>"),
}  # fmt: skip
_BUILDS: Mapping[str, Odd] = {
    "env-line": Odd(files={"app/Dockerfile": "FROM alpine\nENV " + "a" * 40_000 + "\nUSER 10001\n"}),
    "large-file": Odd(ends=FAILS, because="Dockerfile", files={"app/Dockerfile": "FROM alpine\nENV " + "a" * 200_000 + "\nUSER 10001\n"}),
    "tab-user": Odd(files={"app/Dockerfile": "FROM alpine\nUSER\t10001\n"}),
    "subtests": Odd(test="python run.py", files={"app/run.py": "print('uuu.    [100%]\\n1 passed, 3 subtests passed in 0.39s')\n"}),
    "disabled": Odd(test="python run.py", ends=FAILS, because="ran no test", files=_report(b"<testsuites><testsuite><testcase name='DISABLED_A' status='notrun' result='suppressed'/></testsuite></testsuites>")),
    "coverage": Odd(test="python run.py", files=_report(b"<coverage line-rate='1'/>", "import unittest; unittest.main('test_it', argv=['x'])")),
    "encoding": Odd(test="python run.py", ends=FAILS, because="cannot be read", files=_report(b"<?xml version='1.0' encoding='ansi'?><testsuite><testcase name='a'/></testsuite>")),
    "leaver": Odd(test="python run.py", files={"app/run.py": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(3600)\n    os._exit(0)\nprint('1 passed in 0.1s')\n"}),
}  # fmt: skip
SERVICES: Mapping[str, Odd] = {"ordinary": Odd(), **_FINDINGS, **_SET, **_YAML, **_TREES, **_BUILDS}
