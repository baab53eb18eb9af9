"""Small pieces that several pages show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.app.views.records import ArtifactView, BlockerView
from shared.page.html import Child, Html, element

_KINDS: Mapping[str, str] = {
    "good": "Succeeded Released succeeded",
    "bad": "Failed Errored RollbackFailed Rejected failed errored refused",
    "work": "Retagging Deploying Verifying Switching Packaging Validating running moved",
    "wait": "Waiting AwaitingSwitch Packaged RolledBack held",
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words.split()}


def badge(word: str) -> Html:
    """A phase or outcome, coloured by what it means to people."""
    return element("span", word, class_=f"badge {_KIND.get(word, 'calm')}")


def moment(at: datetime, *, class_: str | None = None) -> Html:
    """A time, which the script turns into how long ago."""
    return element("time", f"{at:%Y-%m-%d %H:%M} UTC", datetime=at.isoformat(), class_=class_)


def digests(artifact: ArtifactView) -> Html:
    """An image's digest, short; whole when pointed at."""
    short = artifact.image_digest[7:19]
    others = (f"{part.kind} {part.digest}" for part in artifact.parts if part.digest != artifact.image_digest)
    return element("code", short, title="\n".join((reference(artifact), *others)))


def reference(artifact: ArtifactView) -> str:
    """The image as whoever runs it names it."""
    return f"{artifact.image}@{artifact.image_digest}"


def blocker(one: BlockerView, *, where: bool = False) -> Html:
    """What is waited for, who can act, since when and until when."""
    until = (" · ends ", moment(one.until)) if one.until else None
    who = element("span", "Who can act: ", element("b", ", ".join(one.who)), class_="act") if one.who else None
    named = (element("b", one.environment), ": ") if where and one.environment else None
    return element(
        "div",
        element("span", named, one.reason, class_="why"),
        element("small", who, " · " if who else None, "since ", moment(one.since), until),
        class_="blocker waits" if one.waiting else "blocker blocks",
    )


def button(
    label: str,
    url: str,
    *,
    about: str,
    body: Mapping[str, object] | None = None,
    text: str = "",
    required: bool = False,
    choices: Sequence[str] = (),
    choice: str = "",
    name: str = "",
    method: str = "POST",
    class_: str = "",
) -> Html:
    """A button that asks for `text` (and one of `choices`, sent as `choice`, or who is meant, sent as `name`) and calls the API."""
    return element(
        "button",
        label,
        type="button",
        class_=f"call {class_}".strip(),
        data_url=url,
        data_method=method,
        data_body=json.dumps(body or {}),
        data_about=about,
        data_text=text or None,
        data_required=required,
        data_choices=json.dumps(list(choices)) if choices else None,
        data_choice=choice or None,
        data_name=name or None,
        data_key=f"{method} {url} {label}",
    )


def actions(*buttons: Child) -> Html | None:
    """A row of buttons; nothing where there are none. Without the script they are not shown."""
    shown = [one for one in buttons if one]
    return element("div", *shown, class_="actions") if shown else None


def section(title: str, *content: Child, id_: str) -> Html:
    """A part of a page with a heading."""
    return element("section", element("h2", title, id=id_), *content, aria_labelledby=id_)
