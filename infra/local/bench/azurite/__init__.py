"""Measurements on Azurite, each beside what Azurite itself does with the same requests in the same run."""
