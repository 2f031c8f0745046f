"""What the service remembers: one SQLCipher database, whose key lives in memory only."""
