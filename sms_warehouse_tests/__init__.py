"""Tests of the platform against the local stack: real S3, SQS and warehouse sockets."""
