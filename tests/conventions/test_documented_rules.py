"""What the documents say of words, moves, gates, routes and messages is what the code says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping

import pytest

from shared.adapters.azure_storage import AzureStorage
from shared.bootstrap import utc_now
from shared.domain.gating import gates
from shared.domain.gating.gates import OVERRIDABLE, Gate
from shared.domain.messages.queues import EVENTS_QUEUE, INSPECT_QUEUE, QUEUES
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.transitions import FORWARD_MOVES, RELEASE_MOVES, ROLLBACK_MOVES
from tests.support.documents import API, AZURE, OPERATIONS, RELEASES, coded, rows, section
from tests.support.tree import ROOT, written_files

OUTSIDE = "[*]"
LIST_ROUTES = """
import inspect, json
from function_app import app

functions = [(one.get_user_function(), one.get_trigger()) for one in app.get_functions()]
http = [
    (inspect.getsource(inspect.unwrap(do)), do.operation.who, by.get_dict_repr())
    for do, by in functions if by.type == "httpTrigger"
]
print(json.dumps([[str(method), by["route"], source, who] for source, who, by in http for method in by["methods"]]))
"""
# What a function's code asks of its caller, and the word for it.
ASKS = {'who="operators"': "operators", 'who="approvers"': "approvers", "viewer_of(": "readers", "accept(": "secret"}


def drawn(heading: str) -> set[tuple[str, str]]:
    """Edges of the section's state diagram; a choice stands for every way through it."""
    diagram = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", section(RELEASES, heading), re.S)
    assert diagram is not None
    lines = [line.strip() for line in diagram[1].splitlines()]
    choices = {line.split()[1] for line in lines if line.startswith("state ")}
    edges = [line.partition(":")[0].split(" --> ") for line in lines if "-->" in line]
    assert len(edges) + len(choices) == len(lines), "a line is neither a choice nor an edge"
    leads: dict[str, list[str]] = {}
    for start, end in edges:
        leads.setdefault(start.strip(), []).append(end.strip())
    return {(start, end) for start in leads.keys() - choices for end in _ends(start, leads, choices)}


def _ends(start: str, leads: Mapping[str, list[str]], choices: set[str]) -> set[str]:
    found: set[str] = set()
    for end in leads[start]:
        found |= _ends(end, leads, choices) if end in choices else {end}
    return found


def legal(
    moves: Mapping[Phase, Iterable[Phase]] | Mapping[ReleasePhase, Iterable[ReleasePhase]],
) -> set[tuple[str, str]]:
    """A transition table as edges."""
    return {(old.value, new.value) for old, ends in moves.items() for new in ends}


@pytest.mark.parametrize(
    ("heading", "moves", "begins"),
    [
        ("A release", legal(RELEASE_MOVES), {ReleasePhase.VALIDATING}),
        ("A promotion: forward or redeploy", legal(FORWARD_MOVES), {Phase.PENDING, Phase.WAITING}),
        ("A rollback", legal(ROLLBACK_MOVES), {Phase.WAITING}),
    ],
)
def test_a_diagram_draws_every_legal_move_and_no_other(
    heading: str, moves: set[tuple[str, str]], begins: set[str]
) -> None:
    """Against the table that the rules themselves obey."""
    edges = drawn(heading)

    assert {edge for edge in edges if OUTSIDE not in edge} == moves
    assert {end for start, end in edges if start == OUTSIDE} == begins


def test_every_ending_says_what_it_asks_of_whom() -> None:
    """Each word once, with what it can be the end of."""
    told = {coded(word)[0]: of for word, of, *_ in rows(RELEASES, "What each ending asks of whom")}
    releases = {phase.value for phase in ReleasePhase if phase.ended}
    promotions = {phase.value for phase in Phase if phase.ended}

    assert {word for word, of in told.items() if of in ("release", "both")} == releases
    assert {word for word, of in told.items() if of in ("promotion", "both")} == promotions


def test_every_gate_is_told_with_its_codes_kinds_and_whether_it_can_be_overridden() -> None:
    """As the rules have it."""
    told = {coded(name)[0]: (coded(codes), kinds, may) for name, codes, _, _, kinds, may in rows(RELEASES, "Gates")}
    source = "".join(
        (ROOT / "shared/domain/gating" / name).read_text()
        for name in ("gate_rules.py", "gates_of_people.py", "gates.py")
    )
    codes = set(re.findall(r"\b(?:waiting|blocked)\(\s*\"(\w+)\"", source))

    assert list(told) == [gate.value for gate in Gate]
    assert {name for name, (_, _, may) in told.items() if may == "yes"} == OVERRIDABLE
    assert {code for found, _, _ in told.values() for code in found} == codes
    assert all(asked_of(gate) for gate in Gate), "a gate is in no table"
    assert {name: kinds for name, (_, kinds, _) in told.items()} == {gate.value: asked_of(gate) for gate in Gate}


def asked_of(gate: Gate) -> str:
    """The kinds of promotion that a gate is asked of."""
    kinds = [kind for kind in PromotionKind if gate is Gate.FRESH or gate in gates._BY_KIND[kind]]
    return "all" if len(kinds) == len(PromotionKind) else ", ".join(kinds)


def test_every_queue_is_told_with_its_kinds_and_who_takes_from_it() -> None:
    """In the order of the table; what comes from outside is told in words."""
    told = {coded(name)[0]: (kinds, coded(by)[0]) for name, kinds, by, _ in rows(AZURE, "Queues")}
    words = {name: kinds for name, (kinds, _) in told.items() if name in (EVENTS_QUEUE, INSPECT_QUEUE)}

    assert list(told) == list(QUEUES)
    assert told == {name: (words.get(name, ", ".join(queue.kinds)), queue.worker) for name, queue in QUEUES.items()}


def test_every_table_of_the_account_is_told_with_who_may_write_it() -> None:
    """Workers write none but that of evidence."""
    account = AzureStorage.of_connection("UseDevelopmentStorage=true", utc_now)
    state = [account.store._services, account.rows._table, account.store._lists]
    told = [(coded(of), worker) for of, _, worker in rows(AZURE, "What an app may do with the account")]

    assert told[0] == ([table.name for table in state], "Storage Table Data Reader")
    assert told[1][0] == [account.evidence._table.name]


def test_the_api_lists_every_route_with_who_may_use_it_and_no_other() -> None:
    """Read in a process of its own: a FunctionApp names its functions only once."""
    child = {**os.environ, "SLIPWAY_ROLES": ""}
    listed = subprocess.run(
        [sys.executable, "-c", LIST_ROUTES], cwd=ROOT, env=child, capture_output=True, text=True, check=True
    )
    registered = {
        (method, f"/{route.strip('/')}"): (who_may(source), declared)
        for method, route, source, declared in json.loads(listed.stdout)
    }

    assert {(method, coded(route)[0]): (who, who) for method, route, _, who in rows(API, "HTTP API")} == registered


def who_may(source: str) -> str:
    """Whom a function lets in, by what it calls itself; what it declares above is about the document."""
    source = source.partition("def ")[2]
    return next((who for call, who in ASKS.items() if call in source), "anybody")


def test_a_message_that_is_explained_is_one_that_is_said() -> None:
    """Word for word, so that whoever searches for it finds it."""
    explained = [coded(row[0])[0] for row in rows(OPERATIONS, "Troubleshooting")]
    code = [path for path in written_files() if path.parts[0] != "tests"]
    sources = [(ROOT / path).read_text(encoding="utf-8") for path in code]

    assert len(explained) > 10
    assert [message for message in explained if not any(message in source for source in sources)] == []
