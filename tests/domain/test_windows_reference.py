"""Looking back one tick says what listing every tick says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.policies.policy import DenyWindow
from shared.domain.policies.windows import active, next_change

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "UTC"]
CRONS = ["30 2 * * *", "0 */6 * * *", "15,45 1-3 * * *", "0 0 * * 0", "0 16 * * 5", "*/20 * * * *", "30 * * * *"]
# Clock changes of the zones above lie in these days (Sao Paulo changed at midnight, last in 2018 and 2019).
DAYS = [(2026, 3, 28), (2026, 10, 24), (2026, 3, 7), (2026, 10, 31), (2026, 4, 4), (2018, 11, 3), (2019, 2, 16)]


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    day = datetime(*draw(st.sampled_from(DAYS)), tzinfo=UTC)
    return day + timedelta(seconds=draw(st.integers(0, 3 * 24 * 3600)), microseconds=draw(st.integers(0, 1)))


@settings(deadline=None)
@given(st.sampled_from(CRONS), st.integers(1, 70), st.sampled_from(ZONES), moments())
def test_activity_equals_brute_force(cron: str, hours: int, zone: str, now: datetime) -> None:
    """A window denies exactly while some tick lies less than its duration back, and changes where that changes."""
    window = DenyWindow(cron=cron, duration=timedelta(hours=hours), timezone=zone, reason="test")
    start = (now - timedelta(days=15)).astimezone(ZoneInfo(zone))
    ticks: list[datetime] = []
    for tick in CronSim(cron, start):
        ticks.append(tick.astimezone(UTC))
        if ticks[-1] > now + timedelta(days=15):
            break

    def denied(at: datetime) -> bool:
        return any(tick <= at < tick + window.duration for tick in ticks)

    end = active(window, now)
    change = next_change([window], now)

    assert (end is not None) is denied(now)
    assert change is not None
    assert change > now
    if change < now + timedelta(days=8) and len([tick for tick in ticks if now < tick <= change]) < 100:
        assert denied(change) is not denied(now)
        assert denied(change - timedelta(microseconds=1)) is denied(now)
        assert not any(denied(tick) is not denied(now) for tick in ticks if now < tick < change)
