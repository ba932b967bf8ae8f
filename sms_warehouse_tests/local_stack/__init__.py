"""The local stack: what it promises about starting, stopping, surviving and staying private."""
