"""What goes on while a page is open: event streams, and the parts of pages that follow them."""
