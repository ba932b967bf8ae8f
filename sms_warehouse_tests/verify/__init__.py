"""What tells whether a Redshift is what the platform takes it for, tried on the local one."""
