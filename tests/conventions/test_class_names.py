"""One word for one thing: of two classes with one name a reader has to ask which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.support.tree import parsed, product_files


def test_no_two_public_classes_have_one_name() -> None:
    """Of all that users run; what begins with an underscore is known in its own file only."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in product_files():
        for one in parsed(path).body:
            if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
                places[one.name].append(str(path))

    assert {name: where for name, where in places.items() if len(where) > 1} == {}
    assert len(places) > 500
