"""Rows: what the service keeps, on SQLite and on PostgreSQL alike.

One transaction per command, and one place that ends it (`unit_of_work`). Leaving a unit of work without its commit
rolls back, so forgetting it is safe and an exception half-way leaves nothing. The rows themselves are frozen
dataclasses (`records`); what is asked of them has a name (`queries`); every command adds one entry to the instance's
hash chain (`ledger`). There is no identity map and no lazy loading: what a command reads and writes can be counted.
"""
