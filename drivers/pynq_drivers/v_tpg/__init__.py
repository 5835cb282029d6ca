"""Video Test Pattern Generator (AMD PG103): pictures that are known, for what comes behind."""
