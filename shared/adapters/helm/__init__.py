"""Deploys with Helm: each time in a child of its own, beside people who use Helm's command."""
