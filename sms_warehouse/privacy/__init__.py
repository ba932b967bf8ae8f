"""People who asked to be erased: who they are, what is taken from rows about them, and the proof that it is gone.

The person leaves, the count stays. A row keeps what campaigns are counted by; what leads to the person is cleared or
replaced by a random name that only schema ``pii`` can translate. Each erased recipient and each of their messages keeps
a name of its own: with one name for all of them, one person's opt-out would be put down to another's message, sends
after an opt-out would no longer be found, and different recipients could not be counted.
"""
