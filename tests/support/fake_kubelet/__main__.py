"""The fake kubelet's process: `python -m tests.support.fake_kubelet FOLDER PORT NODES`, with its token on standard input.

It plays the nodes of a control plane in a folder: pods run, crash or hang as they ask for, and have logs and digests.
"""

from __future__ import annotations

import sys
import threading
import urllib.parse
from pathlib import Path

from tests.support.fake_kubelet.api import Api
from tests.support.fake_kubelet.life import Life
from tests.support.fake_kubelet.logs import LogServer
from tests.support.fake_kubelet.nodes import add_node, renew_lease

_BEAT, _STEP = 10.0, 0.05  # seconds
_WITH_NODE = f"/api/v1/pods?fieldSelector={urllib.parse.quote('spec.nodeName!=')}"


def _beat(api: Api, nodes: list[str]) -> None:
    while True:
        threading.Event().wait(_BEAT)
        for node in nodes:
            renew_lease(api, node)


def _follow(api: Api, life: Life) -> None:
    """List pods and see what changes, for ever."""
    while True:
        listed = api.ask("GET", _WITH_NODE)
        if listed.status == 200:
            life.list(listed.body["items"])
            _watch(api, life, listed.body["metadata"]["resourceVersion"])
        threading.Event().wait(_STEP)


def _watch(api: Api, life: Life, since: str) -> None:
    try:
        while True:
            for kind, found in api.watch(_WITH_NODE, since):
                since = found["metadata"]["resourceVersion"]
                if kind != "BOOKMARK":
                    life.see(kind, found)
    except (OSError, ValueError) as error:
        print("watch", error, flush=True)


def main(folder: Path, port: int, count: int, token: str) -> None:
    """Register the nodes, say so by a file, and play until the process is ended."""
    api = Api(folder, port, token)
    life = Life(api, folder)
    logs = LogServer(folder, life.find)
    threading.Thread(target=logs.serve_forever, daemon=True).start()
    nodes = [f"node-{number}" for number in range(count)]
    while not renew_lease(api, nodes[0]):
        threading.Event().wait(_STEP)
    for node in nodes:
        add_node(api, node, logs.port)
        renew_lease(api, node)
    life.start()
    threading.Thread(target=_beat, args=(api, nodes), daemon=True).start()
    (folder / "fakelet.ready").touch()
    _follow(api, life)


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.stdin.read())
