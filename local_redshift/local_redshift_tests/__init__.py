"""The local Redshift, through its socket: with the platform's own driver and with psql."""
