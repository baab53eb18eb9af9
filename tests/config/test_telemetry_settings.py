"""Settings of an exporter that it cannot read: nothing is sent, and everything else goes on."""

from __future__ import annotations

import pytest

from shared import telemetry, wiring
from tests.support.log_lines import log_lines


@pytest.mark.parametrize("connection", ["garbage", "InstrumentationKey=a-secret-that-is-no-uuid"])
def test_a_connection_string_that_is_none_stops_no_release(connection: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read with the first message, and each message would be poison for it; the log says why nothing comes."""
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", connection)

    with log_lines() as lines:
        made = wiring.export("azure-monitor")

    assert (made, telemetry.exporting()) == (None, False)
    assert [one["event"] for one in lines] == ["telemetry.not_sent"]
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING" in lines[0]["hint"]
    assert connection not in str(lines)
