"""Timer functions on the local host."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import azure.functions as func
import pytest
from azure.functions.timer import TimerRequest

from tests.support.host import running, wait_until


def test_a_timer_runs_by_its_schedule(tmp_path: Path) -> None:
    """Every second here, and each run knows the next."""
    app = func.FunctionApp()
    got: list[TimerRequest] = []

    @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
    def tick(timer: TimerRequest) -> None:
        got.append(timer)

    with running(app, tmp_path):
        wait_until(lambda: len(got) >= 2)

    assert got[0].schedule_status["Next"] < got[1].schedule_status["Next"]


def test_a_timer_never_runs_beside_itself(tmp_path: Path) -> None:
    """While a run waits its schedule comes and goes, and run_now waits for its end."""
    app = func.FunctionApp()
    begun, go = threading.Event(), threading.Event()
    now, most, runs = [0], [0], [0]

    @app.timer_trigger(arg_name="timer", schedule="* * * * * *", run_on_startup=True)
    def tick(timer: func.TimerRequest) -> None:
        now[0] += 1
        most[0] = max(most[0], now[0])
        begun.set()
        go.wait(60)
        now[0] -= 1
        runs[0] += 1

    with running(app, tmp_path) as host:
        assert begun.wait(60)
        asked = threading.Thread(target=host.host.run_now, args=("tick",))
        asked.start()
        skipped = host.clock()
        wait_until(lambda: (host.clock() - skipped).total_seconds() > 1.5)
        go.set()
        asked.join()

    assert runs[0] >= 2
    assert most == [1]


def test_a_timer_runs_at_start_only_where_it_says_so(tmp_path: Path) -> None:
    """The other one waits for its schedule."""
    app = func.FunctionApp()
    ran: list[str] = []

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
    def eager(timer: func.TimerRequest) -> None:
        ran.append("eager")

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def patient(timer: func.TimerRequest) -> None:
        ran.append("patient")

    with running(app, tmp_path):
        wait_until(lambda: ran)

    assert ran == ["eager"]


def test_a_time_that_was_slept_through_is_made_up_once_and_marked(tmp_path: Path) -> None:
    """A machine that was suspended for hours runs the timer once, not once for each of 7,200 missed times."""
    app = func.FunctionApp()
    got: list[bool] = []

    @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
    def tick(timer: func.TimerRequest) -> None:
        got.append(timer.past_due)

    with running(app, tmp_path) as host:
        wait_until(lambda: got)
        host.clock.advance(hours=2)
        wait_until(lambda: True in got)
        before = len(got)
        wait_until(lambda: len(got) > before)

    assert len(got) < 100


def test_run_now_runs_a_timer_and_raises_what_it_raises(tmp_path: Path) -> None:
    """Whoever asks for a run learns how it ended."""
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def tick(timer: func.TimerRequest) -> None:
        raise RuntimeError("broken")

    with running(app, tmp_path) as host, pytest.raises(RuntimeError, match="broken"):
        host.host.run_now("tick")


def test_a_timer_that_failed_runs_again_at_its_next_time(tmp_path: Path) -> None:
    """An exception ends the run, not the schedule."""
    app = func.FunctionApp()
    runs: list[int] = []

    @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
    def tick(timer: func.TimerRequest) -> None:
        runs.append(1)
        raise RuntimeError("broken")

    with running(app, tmp_path):
        wait_until(lambda: len(runs) >= 2)

    assert len(runs) >= 2


@pytest.mark.parametrize("hours", [-24 * 30, -1, 1, 24 * 30])
def test_a_timer_goes_on_when_the_clock_is_set(tmp_path: Path, hours: float) -> None:
    """Back or forward, it is not silent until an old time comes again."""
    app = func.FunctionApp()
    got: list[TimerRequest] = []

    @app.timer_trigger(arg_name="timer", schedule="* * * * * *")
    def tick(timer: TimerRequest) -> None:
        got.append(timer)

    with running(app, tmp_path) as host:
        wait_until(lambda: got)
        host.clock.set(hours=hours)
        before = len(got)
        wait_until(lambda: len(got) >= before + 2)
        shown = host.clock()

    assert abs(datetime.fromisoformat(got[-1].schedule_status["Next"]) - shown) < timedelta(minutes=1)
