"""Picks the adapters, opens them in order and closes them in reverse."""
