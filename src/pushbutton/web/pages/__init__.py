"""The pages: each is read with GET, works without JavaScript, and changes things by a form and a redirect."""
