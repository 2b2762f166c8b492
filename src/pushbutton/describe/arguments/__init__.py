"""Which arguments a script takes, read from its source. Nothing of the author's runs.

`read` is the way in; `found` has the words, `machine` walks through a Python source, and each `of_…` knows one library.
"""
