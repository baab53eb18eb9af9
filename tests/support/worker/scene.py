"""An app with a history in one SQLite file, for the real worker to run, and what brings each of its functions to run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azure.functions.decorators.function_app import Function

import function_app
from shared.domain.messages.effects import Effect
from shared.domain.messages.events import EffectDone, PushReceived, TimePassed
from shared.domain.messages.queues import EVENTS, INSPECT, QUEUES
from shared.domain.values.records import replace
from tests.support.app_parts import DELIVERY
from tests.support.codec import examples, messages
from tests.support.doors import HOOK_SECRET, PEOPLE, REGISTRY_SECRET
from tests.support.git_repositories import a_repository
from tests.support.lively import lively
from tests.support.outside import SHIPPING, SLIPWAY_YAML
from tests.support.worker.events import SCHEMAS
from tests.support.worker.platform import EASY_AUTH, Platform, by_id
from tests.support.worker.running import Result

PUSHED = PushReceived(id="e-1", repository=SHIPPING, ref="refs/heads/main", pushed_by=examples.ANNA)
# People sign in as those of a tenant, and there is no identity to ask its directory with.
_YAML = by_id(SLIPWAY_YAML, PEOPLE["max"])


class Scene:
    """A folder with all that the app keeps; `copy` makes another one that a test may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def make(cls, folder: Path) -> Scene:
        """Let the history happen in this process, and a repository be where the settings say."""
        folder.mkdir(parents=True)
        slipway = lively(folder, "sqlite")
        slipway.push("refs/heads/main", {"slipway.yaml": _YAML.encode()})
        slipway.pump()
        (folder / "request").write_text(slipway.request(), encoding="utf-8")
        slipway.database.close()
        a_repository(folder / "origin.git", {"slipway.yaml": _YAML})
        return cls(folder)

    def copy(self, folder: Path) -> Scene:
        """Return the same scene in another place."""
        shutil.copytree(self.folder, folder)
        return Scene(folder)

    @property
    def request(self) -> str:
        """The approval request that is open."""
        return (self.folder / "request").read_text(encoding="utf-8")

    @property
    def settings(self) -> Mapping[str, str]:
        """The app's settings."""
        return {
            "SLIPWAY_DATABASE": str(self.folder / "slipway.db"),
            "SLIPWAY_WORK": str(self.folder / "work"),
            "SLIPWAY_GITOPS": str(self.folder),
            "SLIPWAY_REPOSITORIES": json.dumps({SHIPPING: str(self.folder / "origin.git")}),
            "SLIPWAY_HOOK_SECRET": HOOK_SECRET,
            "SLIPWAY_REGISTRY_HOOK_SECRET": REGISTRY_SECRET,
            **EASY_AUTH,
        }


def registered() -> Mapping[str, Mapping[str, Any]]:
    """The trigger of every function that function_app.py registers, by name."""
    return {str(one.get_function_name()): _trigger(one) for one in function_app.make(frozenset()).get_functions()}


def _trigger(function: Function) -> Mapping[str, Any]:
    trigger = function.get_trigger()
    assert trigger is not None
    found: Mapping[str, Any] = trigger.get_dict_repr()
    return {**found, "type": trigger.type}


def message_of(kind: str) -> str:
    """A message of ours of that kind; raise LookupError where none is known."""
    kinds: dict[str, Any] = {EVENTS: TimePassed(id="e-1", service=DELIVERY), INSPECT: PUSHED}
    reported = EffectDone(id="x:done", service=DELIVERY, effect="x")
    kinds |= {kind: reported for queue in QUEUES.values() if queue.reports_of for kind in queue.kinds}
    for message in messages.MESSAGES:
        if isinstance(message, Effect):
            kinds.setdefault(message.kind, replace(message, service=DELIVERY))
    if kind not in kinds:
        raise LookupError(f"no message is known of kind {kind}")
    message = kinds[kind]
    return messages.encode(message)


def ask(platform: Platform, trigger: Mapping[str, Any], address: str, body: object = None) -> Result:
    """Send an HTTP function a request of a person who may do everything, or of a hook that knows its secret."""
    secrets = {"/api/hooks/git": HOOK_SECRET, "/api/hooks/registry": REGISTRY_SECRET}
    headers = {"Content-Type": "application/json"}
    headers |= {"X-Slipway-Secret": secrets[address]} if address in secrets else {}
    (method,) = trigger["methods"]
    return platform.request(str(getattr(method, "value", method)), address, body, who=PEOPLE["max"], headers=headers)


def occasions(trigger: Mapping[str, Any]) -> tuple[str, ...]:
    """In which ways a function may be brought to run that no request calls: by each schema, by each kind of its queue."""
    if trigger["type"] == "queueTrigger":
        return QUEUES[trigger["queueName"]].kinds
    return tuple(SCHEMAS) if trigger["type"] == "eventGridTrigger" else ("",)


def run(platform: Platform, name: str, trigger: Mapping[str, Any], occasion: str) -> Result:
    """Bring a function to run that no request calls; raise LookupError for a kind of trigger that is not known here."""
    kind = trigger["type"]
    if kind == "eventGridTrigger":
        return platform.event(name, SCHEMAS[occasion])
    if kind == "queueTrigger":
        return platform.deliver(trigger["queueName"], message_of(occasion))
    if kind == "timerTrigger":
        return platform.turn(name)
    raise LookupError(f"nothing is known that brings a {kind} to run; add it here")
