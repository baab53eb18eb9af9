"""The supervisor of a shared control plane: `python -m tests.support.cluster PROGRAMS FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.cluster.shared import serve

serve(Path(sys.argv[1]), Path(sys.argv[2]))
