"""What all tests share."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # how long an example takes says nothing of what it shows
settings.load_profile("any machine")
