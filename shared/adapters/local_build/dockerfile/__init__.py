"""Who an image runs as, read from its Dockerfile: for one machine, where nothing builds containers and could say it.

Every step is linear in the length of the text, whatever it holds.
"""

from shared.adapters.local_build.dockerfile.lines import LONGEST, UnreadableDockerfile
from shared.adapters.local_build.dockerfile.user import RunsAsRoot, user

__all__ = ["LONGEST", "RunsAsRoot", "UnreadableDockerfile", "user"]
