"""Tells whether a Redshift is what this project takes it for: what `sms-warehouse verify` runs.

Nothing in here knows the local stand-in: the same rows and scenarios run against any cluster or workgroup.
"""
