"""Why a repository's branches cannot be compared: a row of the repository's, beside its tips."""

from __future__ import annotations

from shared.codec.stored import Stored
from shared.domain.repository import NotCompared

# Whoever compares reads the tips, too: one prefix has both, so that it is one reading while there is nothing to tell.
ROW, BESIDE_TIPS = "tips-trouble", "tip"
NOT_COMPARED = Stored[NotCompared]("comparing", NotCompared)
