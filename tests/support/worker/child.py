"""Microsoft's Functions worker with one app, told what to do on stdin and answering on stdout, a JSON object in a line.

A process of its own: the worker takes one app, and what it imported is what a test asks about. It runs without the tests on its path:
`python -I -S child.py`, and the first line names the folders that modules may come from.
The messages are stood in for by plain objects, so there is no gRPC; the worker is told their constructors by name.
https://github.com/Azure/azure-functions-language-worker-protobuf/blob/dev/src/proto/FunctionRpc.proto
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import sys
from types import SimpleNamespace
from typing import Any

_PATIENCE = 240


class Message:
    """Any message: fields as given, None for the others, as far as the worker reads them."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        # A capital letter begins a nested message; the worker tells by this error that there is none.
        if name[:1].isupper() or name.startswith("__"):
            raise AttributeError(name)
        return None


class TypedData(Message):
    """A value of one kind."""

    def WhichOneof(self, group: str) -> str | None:
        """Return the kind, which is the only field that was given."""
        return next(iter(self.__dict__), None)


class ParameterBinding(Message):
    """A value for a parameter; never by shared memory."""

    def WhichOneof(self, group: str) -> str:
        """Return which field holds the value."""
        return "data"


class StatusResult(Message):
    """How it went."""

    Failure, Success, Cancelled = range(3)


class BindingInfo(Message):
    """A parameter's binding; FunctionRpc.proto numbers directions and types of data."""

    undefined, out, inout = 0, 1, 2


class Protos:
    """The constructors of messages by name; what nobody needs to tell apart is a Message."""

    TypedData, ParameterBinding, BindingInfo, StatusResult = TypedData, ParameterBinding, BindingInfo, StatusResult

    def __getattr__(self, name: str) -> type[Message]:
        return Message


def typed(value: dict[str, Any]) -> TypedData:
    """Return a value as the platform sends it: `{"string": …}`, `{"json": …}`, `{"bytes": base64}` or `{"http": {…}}`."""
    (kind, content), *_ = value.items()
    if kind == "bytes":
        content = base64.b64decode(content)
    if kind == "http":
        # The platform sends a body as bytes, as the worker says that it takes them so.
        content = Message(**{**content, "body": typed({"bytes": content["body"]})})
    return TypedData(**{kind: content})


def plain(value: Any) -> Any:
    """Return a worker's message as JSON can hold it."""
    if isinstance(value, Message):
        return {name: plain(field) for name, field in value.__dict__.items()}
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {str(name): plain(field) for name, field in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if isinstance(value, str | int | float | None) else str(value)


class Child:
    """The worker behind its four verbs."""

    def __init__(self) -> None:
        self._protos = Protos()

    async def ask(self, verb: str, **fields: Any) -> Any:
        """Ask the worker, in its own words."""
        import azure_functions_runtime as worker

        request = SimpleNamespace(
            request=SimpleNamespace(**{verb: Message(**fields)}),
            properties={"host": "127.0.0.1", "protos": self._protos},
        )
        return plain(await getattr(worker, verb)(request))

    async def start(self, directory: str, paths: list[str]) -> Any:
        """Take the app, as at a cold start: the worker indexes it with the folders on its path and nothing else."""
        # The standard library stays; site-packages never was there.
        sys.path[:] = [directory, *paths, *(path for path in sys.path if path)]
        os.chdir(directory)
        import azure.functions
        import azure_functions_runtime as worker

        worker.start_threadpool_executor()
        # A worker has those before it sees the app: they are the platform's, not the app's.
        self._there = {azure.functions.__name__, *sys.modules}
        return await self.ask("worker_init_request", function_app_directory=directory, capabilities={})

    async def specialize(self, directory: str, settings: dict[str, str]) -> Any:
        """Become an app's, after a start with none: Azure keeps workers ready, and gives one the app and its settings when it is needed."""
        return await self.ask(
            "function_environment_reload_request", function_app_directory=directory, environment_variables=settings
        )

    async def index(self) -> Any:
        """Say which functions there are."""
        return await self.ask("functions_metadata_request")

    async def load(self, function: str) -> Any:
        """Get one ready."""
        return await self.ask("function_load_request", function_id=function)

    async def invoke(self, function: str, parameter: str, value: dict[str, Any], metadata: dict[str, Any]) -> Any:
        """Call one."""
        context = Message(trace_parent="", trace_state="", attributes={})
        return await self.ask(
            "invocation_request",
            function_id=function,
            invocation_id="1",
            input_data=[ParameterBinding(name=parameter, data=typed(value))],
            trigger_metadata={name: typed(one) for name, one in metadata.items()},
            trace_context=context,
            retry_context=Message(retry_count=0, max_retry_count=0),
        )

    async def modules(self) -> Any:
        """Say what was imported since the worker itself was."""
        return sorted(set(sys.modules) - self._there)


async def serve() -> None:
    """Answer line by line until there are no more."""
    # What functions print is for the log, where a test that failed shows it.
    answers, sys.stdout = sys.stdout, sys.stderr
    # The platform's process hands on what is logged at INFO by whomever, with the logger's name as its category.
    # https://github.com/Azure/azure-functions-python-worker/blob/dev/workers/proxy_worker/dispatcher.py
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    child = Child()
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"answer": await asyncio.wait_for(getattr(child, asked.pop("verb"))(**asked), _PATIENCE)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
