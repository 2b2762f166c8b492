"""What every SQL store shares: statements, rows, and what is read and written in a transaction.

An adapter brings a `Database` (connections, transactions, migrations) and a `Dialect` (what its SQL says otherwise).
"""
