"""What functions tell of themselves for the API's document, and the functions that it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

import azure.functions as func

from shared.openapi.operation import Operation

if TYPE_CHECKING:
    from azure.functions.decorators.function_app import Function

    from shared.openapi.document import Route

_ATTRIBUTE = "operation"
_registered: list[Callable[[], Iterable[Function]]] = []

F = TypeVar("F", bound=Callable[[func.HttpRequest], func.HttpResponse])


def described(operation: Operation) -> Callable[[F], F]:
    """Keep what a function declares beside its route."""

    def keep(function: F) -> F:
        setattr(function, _ATTRIBUTE, operation)
        return function

    return keep


def operation_of(function: Callable[..., object]) -> Operation:
    """Return what a function declares; raise AttributeError where it declares nothing."""
    found: Operation = getattr(function, _ATTRIBUTE)
    return found


def describes(functions: Callable[[], Iterable[Function]]) -> None:
    """Say which functions the app has; they are asked for when somebody first reads the document."""
    _registered[:] = [functions]


def routes() -> Iterator[Route]:
    """Return every HTTP function with its route and what it declares; raise AttributeError where one declares nothing."""
    from shared.openapi.document import Route

    for one in _registered[0]():
        call, trigger = one.get_user_function(), one.get_trigger()
        if trigger is not None and trigger.type == "httpTrigger":
            binding = trigger.get_dict_repr()
            yield Route(
                name=str(one.get_function_name()),
                path=f"/{binding['route'].strip('/')}",
                methods=tuple(str(method).lower() for method in binding["methods"]),
                says=call.__doc__ or "",
                operation=operation_of(call),
            )
