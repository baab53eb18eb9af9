"""`python -m infra.local rbac`: the rights that administrators give to the deployer of an environment."""
