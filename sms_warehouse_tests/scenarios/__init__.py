"""Small stories about messages: a table of events in, tables of rows out. ``stories`` says how they are written."""
