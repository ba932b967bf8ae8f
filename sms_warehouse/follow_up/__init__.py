"""Following up: the decision table people may read and change, and lists of recipients handed over on request.

What to do about a message is decided by ``reports.follow_up_rule``, for reports.message_status and
reports.followup_audience alike. A list is computed when it is asked for, by the clock once no load is being
applied, and its recipients are on record before it is in S3: a list that could not be written is lost rather than
handed over twice.
"""
