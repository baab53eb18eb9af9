"""What the local host refuses to start with."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import azure.functions as func
import pytest

from infra.local.host import HostRefused, LocalHost, LocalPeople
from infra.local.host.routes import BadRoute, rules_for
from infra.local.host.schedule import BadSchedule, check_schedule, next_run
from tests.support.host import Clock, new_queues, running


def _answer(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("")


def _http(app: func.FunctionApp, name: str, route: str, method: str) -> None:
    app.function_name(name)(app.route(route=route, methods=[method])(_answer))


def _unknown_binding(app: func.FunctionApp) -> None:
    @app.blob_input(arg_name="blob", path="a/b", connection="C")
    @app.queue_trigger(arg_name="msg", queue_name="slipway-events", connection="C")
    def work(msg: func.QueueMessage) -> None: ...


def _unknown_trigger(app: func.FunctionApp) -> None:
    @app.blob_trigger(arg_name="blob", path="a/b", connection="C")
    def work(blob: func.InputStream) -> None: ...


def _same_name(app: func.FunctionApp) -> None:
    _http(app, "one", "api/a", "GET")
    _http(app, "one", "api/b", "GET")


def _same_name_in_other_letters(app: func.FunctionApp) -> None:
    _http(app, "one", "api/a", "GET")
    _http(app, "ONE", "api/b", "GET")


def _same_route(app: func.FunctionApp) -> None:
    _http(app, "one", "api/services/{service}", "GET")
    _http(app, "two", "API/services/{name}", "GET")


def _empty_route(app: func.FunctionApp) -> None:
    _http(app, "one", "", "GET")


def _reserved_route(app: func.FunctionApp) -> None:
    _http(app, "one", "admin/x", "GET")


def _bad_cron(app: func.FunctionApp) -> None:
    @app.timer_trigger(arg_name="timer", schedule="0 61 * * * *")
    def tick(timer: func.TimerRequest) -> None: ...


def _unset_setting(app: func.FunctionApp) -> None:
    @app.queue_trigger(arg_name="msg", queue_name="slipway-%WORKER%", connection="C")
    def work(msg: func.QueueMessage) -> None: ...


def _two_on_one_queue(app: func.FunctionApp) -> None:
    @app.queue_trigger(arg_name="msg", queue_name="slipway-events", connection="C")
    def one(msg: func.QueueMessage) -> None: ...

    @app.queue_trigger(arg_name="msg", queue_name="slipway-events", connection="C")
    def two(msg: func.QueueMessage) -> None: ...


def _other_parameter(app: func.FunctionApp) -> None:
    @app.queue_trigger(arg_name="msg", queue_name="slipway-events", connection="C")
    def work(message: func.QueueMessage) -> None: ...


def _coroutine(app: func.FunctionApp) -> None:
    @app.route(route="api/x")
    async def work(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("")


@pytest.mark.parametrize(
    ("register", "says"),
    [
        (_unknown_binding, "function work: binding 'blob' of type 'blob' is not known"),
        (_unknown_trigger, "function work: binding 'blob' of type 'blobTrigger' is not known"),
        (_same_name, "Function one does not have a unique function name"),
        (_same_name_in_other_letters, "function name one belongs to one and ONE"),
        (_same_route, "belongs to one and two"),
        (_empty_route, "function one: an empty route is the function's name on Azure"),
        (_reserved_route, "function one: route 'admin/x' begins with a reserved word"),
        (_bad_cron, "function tick: schedule '0 61 * * * *': bad minute"),
        (_unset_setting, "function work: queueName asks for the setting %WORKER%, which is not set"),
        (_two_on_one_queue, "queue slipway-events belongs to one and two"),
        (_other_parameter, "function work: its parameters are ['message']"),
        (_coroutine, "function work is a coroutine"),
    ],
)
def test_a_fault_in_a_function_keeps_the_host_from_starting(
    register: Callable[[func.FunctionApp], None], says: str, tmp_path: Path
) -> None:
    """The refusal names function and fault, and nothing was started."""
    app = func.FunctionApp()
    register(app)

    with pytest.raises(HostRefused) as refused, running(app, tmp_path):
        pass

    assert says in str(refused.value)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    """Nobody has to start the host once for each fault."""
    app = func.FunctionApp()
    _bad_cron(app)
    _unset_setting(app)

    with pytest.raises(HostRefused) as refused, running(app, tmp_path):
        pass

    assert len(refused.value.problems) == 2


def test_one_route_may_have_a_function_for_each_method(tmp_path: Path) -> None:
    """Only the same route with the same method is a duplicate."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    _http(app, "one", "api/x", "GET")
    _http(app, "two", "api/x", "POST")

    with running(app, tmp_path) as host:
        assert (host.call("GET", "/api/x").status, host.call("POST", "/api/x").status) == (200, 200)


def test_plain_text_queues_need_host_json_to_say_so(tmp_path: Path) -> None:
    """Azure's host would take every message for broken base64 and send it to poison."""
    app = func.FunctionApp()
    _unset_setting(app)

    with (
        pytest.raises(HostRefused, match="messageEncoding"),
        running(app, tmp_path, settings={"WORKER": "x"}, queues={"messageEncoding": "base64"}),
    ):
        pass


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        json.dumps({"extensions": []}),
        json.dumps({"extensions": {"queues": {"batchSize": 33}}}),
        json.dumps({"extensions": {"queues": {"visibilityTimeout": "30s"}}}),
        json.dumps({"extensions": {"queues": {"maxPollingInterval": "00:00:00"}}}),
    ],
)
def test_a_host_json_that_azure_would_refuse_is_refused(content: str, tmp_path: Path) -> None:
    """Shape, range and time spans are checked."""
    file = tmp_path / "host.json"
    file.write_text(content)
    clock = Clock()
    host = LocalHost(
        func.FunctionApp(),
        receiver=new_queues(clock),
        people=LocalPeople(),
        host_json=file,
        clock=clock,
        settings={},
        key="k",
    )

    with pytest.raises(HostRefused, match=r"host\.json"):
        host.start()


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """The refusal says which port."""
    app = func.FunctionApp()
    _http(app, "one", "api/x", "GET")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        clock = Clock()
        (tmp_path / "host.json").write_text("{}")
        host = LocalHost(
            app,
            receiver=new_queues(clock),
            people=LocalPeople(),
            host_json=tmp_path / "host.json",
            clock=clock,
            settings={},
            key="k",
        )

        with pytest.raises(HostRefused, match=f"port {port}"):
            host.start(port)


@pytest.mark.parametrize(
    "template",
    ["", "a/{b:int}", "{a?}/b", "{*a}/b", "a{b?}", "a/{b", "a<b>", "runtime/x", "local/sign-in"],
)
def test_a_route_that_would_mean_something_else_on_azure_is_refused(template: str) -> None:
    """The local host never guesses what a template means."""
    with pytest.raises(BadRoute):
        rules_for(template, "")


@pytest.mark.parametrize("template", ["/", "{ignored:maxlength(0)?}"])
def test_both_ways_to_write_the_root_are_understood(template: str) -> None:
    """An empty route isn't one of them: on Azure it is the function's name."""
    assert rules_for(template, "") == ("/",)


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "* * * * * * *", "0 0 0 L * *", "0 0 0 * * 1#2", "0 0 0 * * 7", "0 0 0 * * 1-7", "0 0 0 30 2 *",
     "0 0 0 1 * 1", "00:05:00", "60 * * * * *", "0 0 24 * * *", "0 */0 * * * *"],
)  # fmt: skip
def test_a_schedule_that_azure_would_not_keep_is_refused(expression: str) -> None:
    """NCRONTAB is less than cron; what never comes is refused too."""
    with pytest.raises(BadSchedule):
        check_schedule(expression, Clock()())


@pytest.mark.parametrize(
    ("expression", "then"),
    [
        ("*/15 * * * * *", "12:00:15"),
        ("0 * * * * *", "12:01:00"),
        ("* * * * *", "12:01:00"),
        ("5,10 0 12-13 * NOV MON", "12:00:05"),
    ],
)
def test_six_fields_begin_with_seconds_and_five_with_minutes(expression: str, then: str) -> None:
    """The next time is after the given one."""
    noon = Clock()().replace(year=2026, month=11, day=23, hour=12, minute=0, second=0, microsecond=0)
    check_schedule(expression, noon)

    assert next_run(expression, noon).strftime("%H:%M:%S") == then
