"""What a rendered chart says: manifests, pods and hooks."""
