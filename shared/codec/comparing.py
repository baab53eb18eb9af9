"""When a repository's branches were compared, and why they cannot be: rows of the repository's, beside its tips."""

from __future__ import annotations

from shared.codec.stored import Stored
from shared.domain.state.repository import Compared, NotCompared

# Whoever compares reads the tips, too: one prefix has both, so that it is one reading while there is nothing to tell.
ROW, COMPARED_ROW, BESIDE_TIPS = "tips-trouble", "tips-compared", "tip"
NOT_COMPARED = Stored[NotCompared]("comparing", NotCompared)
COMPARED = Stored[Compared]("compared", Compared)
