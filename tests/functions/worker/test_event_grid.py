"""What the worker makes of an Event Grid event, and of an app that it cannot take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.worker.events import DATA, SCHEMAS
from tests.support.worker.platform import Platform
from tests.support.worker.running import Worker, WorkerRefused

APP = """
    import json
    import os
    import azure.functions as func

    app = func.FunctionApp()

    @app.function_name("pushed")
    @app.event_grid_trigger(arg_name="event")
    def pushed(event: func.EventGridEvent) -> None:
        found = {"kind": type(event).__name__, "id": event.id, "data": event.data if hasattr(event, "data") else event.get_json()}
        with open(os.environ["SEEN"], "w") as file:
            json.dump(found, file)
"""


def an_app(folder: Path, text: str) -> Path:
    """A folder with a function_app.py."""
    (folder / "function_app.py").write_text(dedent(text), encoding="utf-8")
    return folder


@pytest.fixture
def pushed(tmp_path: Path) -> Iterator[Platform]:
    """An app that writes down what it is brought, annotated as most are."""
    with Worker({"SEEN": str(tmp_path / "seen")}, app=an_app(tmp_path, APP)) as worker:
        yield Platform(worker)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_an_event_comes_in_the_schema_that_it_was_sent_in(pushed: Platform, tmp_path: Path, schema: str) -> None:
    """Whatever the parameter's annotation says: a function has to take both."""
    result = pushed.event("pushed", SCHEMAS[schema])

    assert result.error == ""
    seen = json.loads((tmp_path / "seen").read_text(encoding="utf-8"))
    assert seen == {"kind": schema, "id": DATA["id"], "data": DATA}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_library", "No module named 'no_such_library'"),
        ("app = None", "Could not find top level function app"),
        (APP.replace('arg_name="event"', 'arg_name="events"'), "pushed"),
    ],
)
def test_an_app_that_the_worker_cannot_take_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    """Or every test of this folder could pass with nothing indexed."""
    with pytest.raises(WorkerRefused, match=said), Worker({}, app=an_app(tmp_path, text)):
        pass
