"""The warehouse a second time, slow and obvious: from events to facts, dimensions and reports in plain Python.

It is written from the meanings that the tables' definitions state, not from the statements that fill them, and holds
everything in lists and dicts. On random worlds both must say the same.
"""
