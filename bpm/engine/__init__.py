"""Running instances: pure functions from (model, snapshot, command, now) to an `Outcome`.

Nothing here touches a database or a clock: the service opens a unit of work, hands in the stored snapshot and
`now`, and writes what comes back as rows. A snapshot names nodes of one model version and holds live state only,
so its size follows the tokens that are alive, never the history.
"""
