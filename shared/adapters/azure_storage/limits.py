"""What an entity and a batch of Azure Tables can hold, checked before anything is sent.

The service refuses more, each kind with a word of its own and some only after all was sent; its emulator takes it.
https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.adapters.storage.partition import MOST_BATCH, MOST_KEY, MOST_ROWS, MOST_VALUE
from shared.adapters.storage.sizes import sent_size
from shared.ports.store import TooLarge

KEYS = ("PartitionKey", "RowKey")
MOST_PROPERTIES = 252  # 255 with both keys and the time that the service adds
MOST_ENTITY = 1024 * 1024


def check_entity(entity: Mapping[str, str | bytes]) -> None:
    """Raise TooLarge for an entity with too many, or too large, properties or keys, or too large in all."""
    name = f"row {entity['RowKey']!r} of {entity['PartitionKey']!r}"
    properties = {key: value for key, value in entity.items() if key not in KEYS}
    if len(properties) > MOST_PROPERTIES:
        raise TooLarge(f"{name} has {len(properties)} properties, {MOST_PROPERTIES} fit; keep them in one value")
    for key in KEYS:
        if (characters := _size(entity[key]) // 2) > MOST_KEY:
            raise TooLarge(f"{name} has a {key} of {characters} characters, {MOST_KEY} fit")
    for key, value in properties.items():
        if _size(value) > MOST_VALUE:
            raise TooLarge(f"{name} has {_size(value)} bytes in {key}, {MOST_VALUE} fit; keep them as evidence")
    if (size := entity_size(entity)) > MOST_ENTITY:
        raise TooLarge(f"{name} takes {size} bytes, {MOST_ENTITY} fit into a row; keep large values as evidence")


def entity_size(entity: Mapping[str, str | bytes]) -> int:
    """Reckon the size of an entity as the service does, in bytes: names and texts are UTF-16."""
    keys = sum(_size(entity[key]) for key in KEYS)
    properties = (8 + 2 * len(name) + 4 + _size(value) for name, value in entity.items() if name not in KEYS)
    return 4 + keys + sum(properties)


def check_batch(operations: Sequence[tuple[Any, ...]]) -> None:
    """Raise TooLarge for a batch that no request can hold, or an entity of it that no row can."""
    entities: list[Mapping[str, Any]] = [operation[1] for operation in operations]
    if len(entities) > MOST_ROWS:
        raise TooLarge(f"a batch has {len(entities)} operations, {MOST_ROWS} fit; write in smaller steps")
    for entity in entities:
        check_entity(entity)
    values = [_size(value) for entity in entities for value in _values(entity)]
    size = sent_size(values, [entity["RowKey"] for entity in entities], str(entities[0]["PartitionKey"]), len(entities))
    if size > MOST_BATCH:
        raise TooLarge(f"a batch takes {size} bytes, {MOST_BATCH} fit; write in smaller steps")


def _values(entity: Mapping[str, Any]) -> Iterable[str | bytes]:
    return (value for name, value in entity.items() if name not in KEYS)


def _size(value: str | bytes) -> int:
    return len(value) if isinstance(value, bytes) else len(value.encode("utf-16-le", "surrogatepass"))
