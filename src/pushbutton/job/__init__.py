"""What a task's author imports, and what runs inside the job's own process. Standard library only."""
