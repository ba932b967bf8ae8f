"""The whole platform through its public doors: objects in S3 in, tables in the warehouse out."""
