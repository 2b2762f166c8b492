"""Live pages: event streams, and the parts of pages that follow them."""
