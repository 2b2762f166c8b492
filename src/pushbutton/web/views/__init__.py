"""The content of pages, as values, and how it is drawn."""
