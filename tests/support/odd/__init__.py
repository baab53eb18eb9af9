"""A monorepo of services that are each odd in one way, with what is right for each."""
