"""Each hour: the day's anchor of all ledgers, where it is not there yet."""

from __future__ import annotations

import azure.functions as func

# Hourly, so that a day is not missed by a machine that slept at one minute of it; the first of a day writes.
EACH_HOUR = "0 17 * * * *"

anchor_blueprint = func.Blueprint()


@anchor_blueprint.function_name("anchor")
@anchor_blueprint.timer_trigger(
    arg_name="timer",
    schedule=EACH_HOUR,
    run_on_startup=False,
    use_monitor=True,
)
def anchor(timer: func.TimerRequest) -> None:
    """Anchor how far each ledger is; doing it twice is harmless."""
    from shared.app import anchor
    from shared.bootstrap import app

    anchor.anchor(app())
