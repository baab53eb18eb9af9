"""Helm charts by helm-python-sdk: Helm 4 as a library, so that neither a binary nor a container is needed."""

from shared.adapters.helm_charts.charts import HelmCharts

__all__ = ["HelmCharts"]
