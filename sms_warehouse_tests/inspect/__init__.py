"""Tests of what turns an object of S3 into typed rows, quarantined lines and counts."""
