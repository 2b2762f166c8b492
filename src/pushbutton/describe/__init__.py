"""What an author's Python file holds, read in a process of its own; standard library only."""
