"""Loops beside the main flow: clients of it, never a part of it."""
