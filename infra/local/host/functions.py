"""What the FunctionApp registered, read through the public types of azure.functions into records."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import azure.functions as func
from azure.functions.decorators.function_app import Function

from infra.local.host.errors import HostRefused
from infra.local.host.host_json import HostJson
from infra.local.host.routes import BadRoute, rules_for, shape_of
from infra.local.host.schedule import BadSchedule, check_schedule

_SETTING = re.compile(r"%([^%]+)%")
_TRIGGERS = ("httpTrigger", "queueTrigger", "timerTrigger", "eventGridTrigger")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registered:
    """A function and the parameter that its trigger fills. `trigger` holds the binding with its settings put in."""

    name: str
    parameter: str
    kind: str
    call: Callable[..., object]
    trigger: Mapping[str, object]

    def run(self, argument: object) -> object:
        """Call the function with what its trigger brought."""
        return self.call(**{self.parameter: argument})

    @property
    def methods(self) -> frozenset[str] | None:
        """The HTTP methods, None for all."""
        found = self.trigger.get("methods")
        return frozenset(str(method).upper() for method in found) if isinstance(found, list | tuple | set) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    """All functions of the app by kind of trigger."""

    http: tuple[Registered, ...]
    queues: tuple[Registered, ...]
    timers: tuple[Registered, ...]
    events: tuple[Registered, ...]


def read_functions(app: func.FunctionApp, settings: Mapping[str, str], host_json: HostJson, now: datetime) -> Functions:
    """Read what the app registered; raise HostRefused with every fault that Azure would find, or silently live with."""
    # The app remembers the names it saw and would take a second reading for duplicates.
    app.functions_bindings = None
    try:
        found = app.get_functions()
    except ValueError as error:
        raise HostRefused([str(error)]) from error
    problems: list[str] = []
    functions = [one for one in (_read(each, settings, problems) for each in found) if one is not None]
    read = Functions(
        http=_of("httpTrigger", functions),
        queues=_of("queueTrigger", functions),
        timers=_of("timerTrigger", functions),
        events=_of("eventGridTrigger", functions),
    )
    problems += _duplicates("function name", [(one.name.lower(), one.name) for one in functions])
    problems += _http_problems(read.http, host_json.route_prefix)
    problems += _duplicates("queue", [(str(one.trigger["queueName"]), one.name) for one in read.queues])
    problems += _schedule_problems(read.timers, now)
    if read.queues and not host_json.queues.plain_text:
        problems.append(
            "host.json: extensions.queues.messageEncoding must be 'none', plain text goes to poison otherwise"
        )
    if problems:
        raise HostRefused(problems)
    return read


def _of(kind: str, functions: list[Registered]) -> tuple[Registered, ...]:
    return tuple(one for one in functions if one.kind == kind)


def _read(function: Function, settings: Mapping[str, str], problems: list[str]) -> Registered | None:
    name = str(function.get_function_name())
    faults = [
        f"function {name}: binding {binding.name!r} of type {binding.type!r} is not known to the local host"
        for binding in function.get_bindings()
        if binding.type not in (*_TRIGGERS, "http")
    ]
    trigger = function.get_trigger()
    if trigger is None or faults:
        problems += faults
        return None
    call = function.get_user_function()
    wanted = list(inspect.signature(call).parameters)
    if wanted != [trigger.name]:
        faults.append(
            f"function {name}: its parameters are {wanted}, its trigger {trigger.type} fills {trigger.name!r} only"
        )
    if inspect.iscoroutinefunction(call):
        faults.append(f"function {name} is a coroutine; write it with def")
    resolved = {key: _resolve(name, key, value, settings, faults) for key, value in trigger.get_dict_repr().items()}
    problems += faults
    return Registered(name=name, parameter=trigger.name, kind=str(trigger.type), call=call, trigger=resolved)


def _resolve(name: str, key: str, value: object, settings: Mapping[str, str], faults: list[str]) -> object:
    if not isinstance(value, str):
        return value
    for setting in _SETTING.findall(value):
        if setting not in settings:
            faults.append(f"function {name}: {key} asks for the setting %{setting}%, which is not set")
    return _SETTING.sub(lambda found: settings.get(found[1], found[0]), value)


def _duplicates(what: str, pairs: list[tuple[str, str]]) -> list[str]:
    owners: dict[str, list[str]] = {}
    for key, owner in pairs:
        owners.setdefault(key, []).append(owner)
    return [f"{what} {key} belongs to {' and '.join(names)}" for key, names in owners.items() if len(names) > 1]


def _http_problems(functions: tuple[Registered, ...], prefix: str) -> list[str]:
    problems: list[str] = []
    taken: list[tuple[str, frozenset[str] | None, str]] = []
    for one in functions:
        try:
            rules = rules_for(str(one.trigger["route"]), prefix)
        except BadRoute as error:
            problems.append(f"function {one.name}: {error}")
            continue
        for shape in map(shape_of, rules):
            problems += [
                f"route {one.trigger['route']!r} belongs to {owner} and {one.name}"
                for other, methods, owner in taken
                if other == shape and (methods is None or one.methods is None or methods & one.methods)
            ]
            taken.append((shape, one.methods, one.name))
    return problems


def _schedule_problems(functions: tuple[Registered, ...], now: datetime) -> list[str]:
    problems = []
    for one in functions:
        try:
            check_schedule(str(one.trigger["schedule"]), now)
        except BadSchedule as error:
            problems.append(f"function {one.name}: schedule {error}")
    return problems
