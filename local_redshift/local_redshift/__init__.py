"""The local Redshift: a server that speaks the PostgreSQL wire protocol as Redshift does and runs on DuckDB.

What it cannot do as Redshift does, it refuses in words; it never approximates in silence. Its only door is
the socket of ``local-redshift serve``. From the bottom up: ``errors``,
``wire`` (bytes and values), ``functions``, ``dialect`` and ``ddl`` (Redshift's SQL to DuckDB's, or a refusal),
``locks`` and ``isolation`` (who waits for whom, and who fails), ``copy``, ``engine`` (databases and their files),
``transaction``, ``session`` (what a statement does) and ``server`` (sockets). Beside them ``lint`` checks SQL text,
and ``conformance`` compares any Redshift with its guide.
"""
