"""Each minute: what has come due, what a crash left behind, what nobody told us."""

from __future__ import annotations

import azure.functions as func

EACH_MINUTE = "0 * * * * *"

tick_blueprint = func.Blueprint()


@tick_blueprint.function_name("tick")
@tick_blueprint.timer_trigger(
    arg_name="timer",
    schedule=EACH_MINUTE,
    run_on_startup=False,
    # Azure keeps the last run in storage, so that a minute missed during a restart is made up.
    use_monitor=True,
)
def tick(timer: func.TimerRequest) -> None:
    """Sweep; doing it twice is harmless."""
    from shared.app.sweep import sweep
    from shared.bootstrap import app

    sweep(app())
