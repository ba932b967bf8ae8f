"""The three services the platform talks to: the lake (S3), the inbox (SQS) and the warehouse (Redshift)."""
