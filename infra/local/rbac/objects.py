"""Namespace, Role and RoleBinding of an environment's deployer, as YAML that says what each part is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.domain.charts.rights import RIGHTS, Right, given

ROLE = "slipway-deployer"
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who deploys to an environment: a ServiceAccount in a namespace, or a managed identity by its object id."""

    account: str = ""
    account_namespace: str = ""
    object_id: str = ""


def objects(environment: str, namespace: str, subject: Subject, kinds: tuple[str, ...] = ()) -> str:
    """Return what `kubectl apply -f -` takes; `kinds` are those that the environment's policy adds."""
    account = [_account(subject)] if subject.account else []
    return "---\n".join(
        [_namespace(environment, namespace), *account, _role(namespace, kinds), _binding(namespace, subject)]
    )


def _namespace(environment: str, namespace: str) -> str:
    return f"""\
# {environment} has a namespace of its own. Slipway makes none, and has no right to.
# Whoever deploys reads every Secret in it, and can act as every ServiceAccount of it: keep what is not the services' elsewhere.
apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
  labels:
    # Pods run without root and without the host; take it out only where all services of the namespace need more.
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/warn: restricted
"""


def _account(subject: Subject) -> str:
    return f"""\
# The deployer, in a cluster without Entra ID.
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {subject.account}
  namespace: {subject.account_namespace}
automountServiceAccountToken: false
"""


def _role(namespace: str, kinds: tuple[str, ...]) -> str:
    return f"""\
# All that deploying, watching, healing, rolling back and removing take. Nothing outside of this namespace.
apiVersion: {_RBAC}/v1
kind: Role
metadata:
  name: {ROLE}
  namespace: {namespace}
rules:
{"".join(_rules((*RIGHTS, *given(kinds))))}"""


def _rules(rights: Sequence[Right]) -> Iterator[str]:
    for one in rights:
        group = one.group or '""'
        yield f"  # {one.why[0].upper()}{one.why[1:]}.\n"
        yield f"  - apiGroups: [{group}]\n"
        yield f"    resources: [{', '.join(one.resources)}]\n"
        yield f"    verbs: [{', '.join(one.verbs)}]\n"


def _binding(namespace: str, subject: Subject) -> str:
    if subject.account:
        named = f"""\
  - kind: ServiceAccount
    name: {subject.account}
    namespace: {subject.account_namespace}
"""
    else:
        named = f"""\
  # A managed identity is a user, by the object id of its service principal.
  - kind: User
    apiGroup: {_RBAC}
    name: {subject.object_id}
"""
    return f"""\
# Gives the Role to this environment's deployer. Production's is nobody else's.
apiVersion: {_RBAC}/v1
kind: RoleBinding
metadata:
  name: {ROLE}
  namespace: {namespace}
roleRef:
  apiGroup: {_RBAC}
  kind: Role
  name: {ROLE}
subjects:
{named}"""
