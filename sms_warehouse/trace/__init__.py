"""Every event of a message or of a recipient, where it came from and what the facts made of it.

The answer to a dispute about a bill or about consent. It reads and changes nothing. Events that count come from the
facts, which outlive staging and name object and line; copies that were set aside are known as long as staging keeps
them. Of a recipient only what is in the warehouse is told: what names a phone number alone is not searched. Of a person
who was erased S3 may still have the lines as they were written: they are never fetched.
"""
