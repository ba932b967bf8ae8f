"""The lint of SQL: what Redshift refuses, or takes to mean something else.

``check`` first asks the server's own allow-list, then the rules over tokens and syntax tree. Style and grammar are
sqlfluff's.
"""
