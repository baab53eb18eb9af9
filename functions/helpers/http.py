"""A subject's HTTP functions: above each one stands its door, which is method, route, and what the API's document tells of it."""

from __future__ import annotations

import functools
from collections.abc import Callable

import azure.functions as func

from functions.helpers.answers import Answer, answering
from functions.helpers.described import described
from functions.helpers.html import page
from shared.openapi.operation import Operation

Door = Callable[[Answer], Answer]
Content = Callable[[func.HttpRequest], str]


class HttpFunctions:
    """Registers functions under the names that they have in Python, for an app to take in as one blueprint.

    Who asks is known by Easy Auth's header, and hooks show a secret: keys of a function's own would add nothing.
    """

    def __init__(self) -> None:
        self.blueprint = func.Blueprint()

    def get(self, route: str, operation: Operation) -> Door:
        """Read; what the function raises is answered as a problem."""
        return lambda function: self._register("GET", route, operation, answering(function))

    def post(self, route: str, operation: Operation) -> Door:
        """Ask for something; what the function raises is answered as a problem."""
        return lambda function: self._register("POST", route, operation, answering(function))

    def delete(self, route: str, operation: Operation) -> Door:
        """Take something away; what the function raises is answered as a problem."""
        return lambda function: self._register("DELETE", route, operation, answering(function))

    def page(self, route: str, operation: Operation) -> Callable[[Content], Answer]:
        """Show a page, whose content the function returns; what it raises is a page as well."""

        def door(content: Content) -> Answer:
            @functools.wraps(content)
            def show(req: func.HttpRequest) -> func.HttpResponse:
                return page(req, content)

            return self._register("GET", route, operation, show)

        return door

    def _register(self, method: str, route: str, operation: Operation, function: Answer) -> Answer:
        known = described(operation)(function)
        routed = self.blueprint.route(route=route, methods=[method], auth_level=func.AuthLevel.ANONYMOUS)(known)
        self.blueprint.function_name(function.__name__)(routed)
        return known
