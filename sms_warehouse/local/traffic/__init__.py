"""The simulated services of the SMS platform: the logs they write to S3, from a seed.

``day_files`` gives what arrives on one day and ``write`` puts days into a bucket, with the truth
about what was written for tests to compare with. ``faults`` names every kind of damage. Nothing in
here is part of a production system.
"""

from sms_warehouse.local.traffic.files import Faults, LineCounts, LogFile, day_files
from sms_warehouse.local.traffic.writer import write

__all__ = ["Faults", "LineCounts", "LogFile", "day_files", "write"]
