"""State in memory, for tests. It keeps to what Azure Tables can do and refuses the rest."""

from shared.adapters.memory.store import MemoryStore

__all__ = ["MemoryStore"]
