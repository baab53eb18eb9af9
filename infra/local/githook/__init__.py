"""The hook that tells the local host about pushes to a repository on disk."""
