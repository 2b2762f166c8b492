"""What pages show, as values, and how they are drawn."""
