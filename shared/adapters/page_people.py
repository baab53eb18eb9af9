"""People who look at the page: open questions are part of the state that it shows, so nothing has to be sent."""

from __future__ import annotations

from shared.domain.values.names import ServiceKey
from shared.ports.people import Question
from shared.telemetry import log_event


class PagePeople:
    """Logs that there is a question, for whoever watches the host's output."""

    def ask(self, question: Question) -> None:
        """See People."""
        log_event(
            "approval.asked",
            service=str(question.service),
            version=question.version,
            environment=question.environment,
            promotion=question.promotion,
            who=question.who,
            older=question.older,
        )

    def close(self, service: ServiceKey, request: str, reason: str) -> None:
        """See People."""
        log_event("approval.closed", service=str(service), request=request[:12], reason=reason)
