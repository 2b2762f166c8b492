"""The common part of every SQL store: statements, rows, and the reads and writes of a transaction.

An adapter brings a `Database` (connections, transactions, migrations) and a `Dialect` (what its SQL says otherwise).
"""
