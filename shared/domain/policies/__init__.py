"""What `slipway.yaml` comes to: the policy of a repository, its services and their environments."""
