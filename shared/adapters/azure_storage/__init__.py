"""State in Azure Tables, queues in Azure Queues."""

from shared.adapters.azure_storage.queues import AzureQueues
from shared.adapters.azure_storage.tables import AzureTables

__all__ = ["AzureQueues", "AzureTables"]
