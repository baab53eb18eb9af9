"""State in Azure Tables, queues in Azure Queues."""

from shared.adapters.azure_storage.account import AzureStorage

__all__ = ["AzureStorage"]
