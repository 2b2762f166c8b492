"""The content of an author's Python file, read in a process of its own; standard library only."""
