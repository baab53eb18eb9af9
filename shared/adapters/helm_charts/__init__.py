"""Helm charts by helm-python-sdk: Helm 4 as a library, so that neither a binary nor a container is needed.

What looks into a chart is done by a child process (helm_child): its templates may take all the memory and time there is.
"""

from shared.adapters.helm_charts.charts import HelmCharts
from shared.adapters.helm_charts.hosts import Hosts

__all__ = ["HelmCharts", "Hosts"]
