"""A run's output as numbered lines."""
