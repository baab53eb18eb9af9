"""Clusters by their API: how one is reached, what is read there, and Helm's own records of releases."""
