"""An ordinary service, and how an odd one differs from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TEST = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): pass\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  annotations: {kubernetes.io/change-cause: {{ .Values.reason }}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
      - {name: main, image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}
"""
VALUES = "image: {repository: '', tag: ''}\nreason: ''\n"
SUCCEEDS, BLOCKED, FAILS = "Succeeded", "blocked", "Failed"


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A commit of another repository in place of a folder."""

    commit: str = "1" * 40


Content = str | Link | Submodule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """How a service differs, and what becomes of it: it succeeds in qa, is blocked there, or fails, for a reason.

    Paths begin in `app/` (the service's folder), `chart/` or `/` (the repository's root); None leaves a file out.
    """

    ends: str = SUCCEEDS
    because: str = ""
    files: Mapping[str, Content] = field(default_factory=dict)
    test: str = "python -m unittest"
    trailer: str = ""


def files_of(name: str, odd: Odd) -> dict[str, Content]:
    """All files of a service by their paths in the repository."""
    places = {"app": f"services/{name}", "chart": f"charts/{name}"}
    ordinary: dict[str, Content] = {
        "app/Dockerfile": "FROM alpine\nUSER 10001\n",
        "app/test_it.py": TEST,
        "chart/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n",
        "chart/values.yaml": VALUES,
        "chart/templates/app.yaml": DEPLOYMENT,
    }
    found: dict[str, Content] = {}
    for path, content in {**ordinary, **odd.files}.items():
        root, _, rest = path.partition("/")
        if content is not None:
            found["/".join(filter(None, (places[root] if root else "", rest)))] = content
    for path in list(found):
        # A link in place of a folder takes the place of what would lie in it.
        if any(isinstance(found.get(path[:end]), Link) for end, sign in enumerate(path) if sign == "/"):
            del found[path]
    return found
