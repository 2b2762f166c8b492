"""Loops that look after things by themselves: clients of the main flow, never a part of it."""
