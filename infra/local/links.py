"""Where people find the page."""

from __future__ import annotations

from infra.local.host import LocalPeople


def tell_links(url: str, people: LocalPeople) -> None:
    """Print where the page is, and where each of them signs in where that is known: right after the keys were made."""
    print(f"The page: {url}/")
    if not any(person.key for person in people):
        print("Sign in by the links of the first start (--links or LINKS=1 makes new ones, and ends those).")
        return
    print("Sign in as (kept nowhere: note them down):")
    for person in people:
        print(f"  {person.name:<14} {url}/local/sign-in#key={person.key}")
