"""What Azure has to know of a deployer, as comments below the objects: commands for whoever administers a cluster there."""

from __future__ import annotations

from infra.local.rbac.objects import Subject

_CLUSTER = "/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/…"


def azure(namespace: str, subject: Subject) -> str:
    """Return the commands for a managed identity, or how a ServiceAccount's token is had."""
    if subject.account:
        return f"""\
# Its token is what token_file of the cluster in SLIPWAY_CLUSTERS holds; write a new one there before it ends:
#   kubectl create token {subject.account} -n {subject.account_namespace} --duration 24h
"""
    who = f"--assignee-object-id {subject.object_id} --assignee-principal-type ServicePrincipal"
    return f"""\
# Where SLIPWAY_CLUSTERS names the cluster by `aks`, Slipway asks Azure for its address. That takes this role, which lets into no namespace:
#   az role assignment create --role "Azure Kubernetes Service Cluster User Role" {who} \\
#     --scope {_CLUSTER}
#
# Coarser, in place of Role and RoleBinding, where the cluster has Azure RBAC on:
#   az role assignment create --role "Azure Kubernetes Service RBAC Writer" {who} \\
#     --scope {_CLUSTER}/namespaces/{namespace}
# It adds to the Role all of pods and serviceaccounts, so commands in running containers (exec), and acting as a ServiceAccount
# (impersonate); and writing events, endpoints, replicasets and replicationcontrollers. Without /namespaces/{namespace} it would be for
# every namespace of the cluster. It lacks RBAC objects and custom resources too.
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers
"""
