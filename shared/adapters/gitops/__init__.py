"""GitOps: rendered manifests are committed to a repository, and an operator in the cluster applies them.

A folder of it belongs to one service in one environment:

    manifests.yaml   what the operator applies, byte for byte as it was checked
    promotion.yaml   who wrote it: turn and effect of the promotion, and the hash of the manifests
    status.yaml      the operator's answer; Slipway reads it and never writes it
"""
