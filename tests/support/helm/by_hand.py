"""A person's `helm upgrade`, in a process of its own by the name of helm: Helm's library is the command's own engine."""

from __future__ import annotations

import json
import sys

import helm_python as helm


def main() -> None:
    """Upgrade the release to a package, as the kubeconfig's user."""
    asked = json.loads(sys.stdin.read())
    with helm.Config(kubeconfig_content=asked["kubeconfig"], namespace=asked["namespace"]) as config:
        chart = helm.Chart.load(asked["chart"])
        if asked["install"]:
            config.install(chart, asked["name"], asked["values"], wait="hookOnly")
        else:
            config.upgrade(chart, asked["name"], asked["values"], wait="hookOnly", reset_values=True)


if __name__ == "__main__":
    main()
