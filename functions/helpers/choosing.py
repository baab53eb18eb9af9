"""Which services a list, a page or its mark is asked for.

They are in order of `<repository>~<service>`, and all three read the query in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from shared.openapi.operation import Number, Text

if TYPE_CHECKING:
    from shared.app.operating.finding import Chosen

OF_REPOSITORY = Text(name="repository", says="services of this repository only")
NAMED = Text(name="name", says="services only whose name begins so")
AFTER = Text(name="after", says="go on after this service: the `next` of the page before")
CHOOSING = (OF_REPOSITORY, NAMED, AFTER)
POISON_AFTER = Number(
    name="after", says="go on below this number: the `next` of the page before", default=0, most=10**15
)


def chosen_of(req: func.HttpRequest) -> Chosen:
    """Read it from the query."""
    from shared.app.operating.finding import Chosen

    return Chosen(repository=OF_REPOSITORY.of(req.params), name=NAMED.of(req.params), after=AFTER.of(req.params))
