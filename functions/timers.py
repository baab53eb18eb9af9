"""The timers. Doing one twice is harmless."""

from __future__ import annotations

import azure.functions as func

from shared.bootstrap import app

EACH_MINUTE = "0 * * * * *"
# Hourly, so that a day is not missed by a machine that slept at one minute of it; the first of a day writes.
EACH_HOUR = "0 17 * * * *"
timers = func.Blueprint()


# Azure keeps the last run in storage (`use_monitor`), so that one missed during a restart is made up.
@timers.function_name("tick")
@timers.timer_trigger(arg_name="timer", schedule=EACH_MINUTE, run_on_startup=False, use_monitor=True)
def tick(timer: func.TimerRequest) -> None:
    """Look at what has come due, what a crash left behind, what nobody told us of, and what went to poison."""
    from shared.app.sweep import sweep

    sweep(app())


@timers.function_name("anchor")
@timers.timer_trigger(arg_name="timer", schedule=EACH_HOUR, run_on_startup=False, use_monitor=True)
def anchor(timer: func.TimerRequest) -> None:
    """Anchor how far each ledger is, where the day's anchor is not there yet."""
    from shared.app.operating import anchor as anchoring

    anchoring.anchor(app())
