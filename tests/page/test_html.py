"""Text becomes markup in one place, and is escaped there."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from shared.page.html import Html, element


class Seen(HTMLParser):
    """What a browser would see."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])))
def test_text_is_seen_as_it_was_written(text: str) -> None:
    """As content and as an attribute, whatever is in it."""
    seen = Seen(element("p", text, title=text))

    assert seen.tags == [("p", {"title": text})]
    assert seen.text == text


def test_markup_that_was_made_here_is_not_escaped_again() -> None:
    """Nor are lists of it, nor numbers."""
    inner = element("b", "a & b")

    assert element("p", inner, None, [Html("<br>"), 5, ["<"]]) == "<p><b>a &amp; b</b><br>5&lt;</p>"


def test_attributes_without_a_value_are_there_or_not() -> None:
    """Names that Python keeps for itself end with an underscore."""
    assert element("input", class_="x", data_url="/a", required=True, hidden=False, id=None) == (
        '<input class="x" data-url="/a" required>'
    )
