"""Keys that Helm takes for others are found, wherever they name what a chart takes in."""

from __future__ import annotations

import pytest

from shared.domain.charts.chart_words import misspelt


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ({"Dependencies": []}, [("Dependencies", "dependencies")]),
        ({"dependencie\u017f": []}, [("dependencie\u017f", "dependencies")]),
        ({"\uff4eame": "x"}, [("\uff4eame", "name")]),
        ({"apiVer\u017fion": "v1"}, [("apiVer\u017fion", "apiVersion")]),
        (
            {"dependencies": [3, {"repo\u017fitory": "x", "ALIAS": "y"}]},
            [("repo\u017fitory", "repository"), ("ALIAS", "alias")],
        ),
        ({"dependencies": {"Repository": "x"}}, []),
        (
            {"apiVersion": "v2", "name": "x", "description": "y", "dependencies": [{"name": "x", "import-values": []}]},
            [],
        ),
    ],
)
def test_attack_keys_that_fold_to_known_ones_are_found(
    description: dict[str, object], found: list[tuple[str, str]]
) -> None:
    """In other letters or case; others are nobody's business."""
    assert list(misspelt(description)) == found
