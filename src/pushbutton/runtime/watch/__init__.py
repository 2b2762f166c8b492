"""Watching: a client is a cursor in a shared, append-only log of frames that are already encoded.

One reader follows the store for everybody (`hub`). A `Channel` is the log of one set of topics: a bounded tail in
memory, everything older in the store. A `Tap` is the same for a run's output: its log is the file itself. A `Board`
has only a latest value. Nothing is queued per client, so a slow one costs nothing, and a late one misses nothing.
"""
