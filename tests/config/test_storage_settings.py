"""Where state lies and triggers listen."""

from __future__ import annotations

import pytest

from shared.config import Settings
from shared.domain.values.errors import InvalidValue
from shared.storage_settings import Storage

CONNECTION = (
    "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=k3y;TableEndpoint=https://a.table.core.windows.net;"
)


@pytest.mark.parametrize(
    ("variables", "storage"),
    [
        ({"SlipwayStorage": CONNECTION}, Storage(connection=CONNECTION)),
        ({"SlipwayStorage__accountName": "fabrikam"}, Storage(account="fabrikam")),
        (
            {"SlipwayStorage": "UseDevelopmentStorage=true", "SLIPWAY_STORAGE": CONNECTION},
            Storage(connection=CONNECTION),
        ),
        ({"AzureWebJobsStorage": CONNECTION}, Storage()),
        ({"AzureWebJobsStorage__accountName": "fabrikam"}, Storage()),
    ],
    ids=["the triggers' connection", "the triggers' account", "its own", "not the host's", "nor the host's account"],
)
def test_state_lies_where_queue_triggers_listen_unless_it_is_said(variables: dict[str, str], storage: Storage) -> None:
    """What is sent to another account's queues would never be received."""
    assert Settings.from_env({**variables, "SLIPWAY_IDENTITY": "own-id"}).storage == storage


@pytest.mark.parametrize(
    ("own", "triggers"),
    [
        ({"SLIPWAY_STORAGE_ACCOUNT": "fabrikam"}, {"SlipwayStorage__accountName": "contoso"}),
        ({"SLIPWAY_STORAGE_ACCOUNT": "fabrikam"}, {"SlipwayStorage": "AccountName=contoso;AccountKey=a"}),
        ({"SLIPWAY_STORAGE": "BlobEndpoint=x;AccountName=fabrikam"}, {"SlipwayStorage__accountName": "contoso"}),
    ],
)
def test_messages_are_not_sent_where_no_trigger_listens(own: dict[str, str], triggers: dict[str, str]) -> None:
    """An app that starts all the same would take nothing, and nobody would see why."""
    with pytest.raises(InvalidValue, match="SlipwayStorage: is the account contoso, and messages are sent to fabrikam"):
        Settings.from_env({**own, **triggers})


@pytest.mark.parametrize("name", ["SlipwayStorage__accountName", "SLIPWAY_STORAGE_ACCOUNT"])
def test_an_account_that_is_only_named_takes_an_identity(name: str) -> None:
    """There is no key to open it with; an app that starts all the same would bring each message to poison."""
    with pytest.raises(InvalidValue, match=r"SLIPWAY_IDENTITY: .* opens the storage account fabrikam"):
        Settings.from_env({name: "fabrikam"})

    assert Settings.from_env({name: "fabrikam", "SLIPWAY_DATABASE": "slipway.db"}).database is not None
