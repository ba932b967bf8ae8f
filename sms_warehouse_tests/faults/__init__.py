"""Faults that somebody could make, each with the tests that are to see it: ``planted.toml``."""
