"""The lint of SQL: what Redshift would take and mean otherwise, or the stand-in cannot know before it runs.

``statements`` finds what the platform sends: the files under ``sql/`` and the texts in the package's Python. ``check``
first asks the stand-in's own allow-list, then the rules over tokens and syntax tree. Style and grammar are sqlfluff's.
"""
