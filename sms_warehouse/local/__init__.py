"""AWS on a laptop: S3, SQS and Redshift as real servers, and the services that write to them."""
