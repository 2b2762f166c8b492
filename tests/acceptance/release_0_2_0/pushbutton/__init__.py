"""The supervisor of release 0.2.0, frozen as it was: for tests that go on with one. Nothing here is changed."""
