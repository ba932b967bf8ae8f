"""The S3 logs of an SMS marketing platform, landed, proved and reported on in Amazon Redshift."""
