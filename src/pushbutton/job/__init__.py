"""The package that a task's author imports; it runs inside the job's own process. Standard library only."""
