"""Bytes as a terminal shows them: pure, without I/O."""
