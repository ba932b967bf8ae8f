"""How an object in S3 becomes staged rows, exactly once, with every line accounted for."""
