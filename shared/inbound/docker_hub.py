"""Docker Hub's web hook: a tag was pushed, with neither a digest nor an id.

https://docs.docker.com/docker-hub/repos/manage/webhooks/
"""

from __future__ import annotations

import hashlib

from shared.domain.artifact import DOCKER_HUB
from shared.domain.events import TagPushed
from shared.inbound.heard import Heard
from shared.inbound.json_body import Body

MARK = "push_data"
_MOST_NAME = 500


def changes_in(found: Body) -> Heard:
    """Return the push; the digest is read back. Raise Unacceptable naming the field. The `callback_url` is never called."""
    pushed = found.inner(MARK, needed=True)
    tag, at = pushed.text("tag", most=_MOST_NAME), pushed.number("pushed_at", default=0)
    repository = found.inner("repository", needed=True).text("repo_name", most=_MOST_NAME)
    # The same delivery has the same id; one push comes up to six times, with times that may differ by a second.
    id_ = hashlib.sha256("\n".join((repository, tag, str(at))).encode()).hexdigest()
    return Heard((TagPushed(id=f"docker-hub:{id_[:32]}", registry=DOCKER_HUB, repository=repository, tag=tag),))
