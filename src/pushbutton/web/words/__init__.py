"""How things are said: the reader's language, times, states, people, records. Pure."""
