"""What runs longer than one HTTP request: key generation, refreshes, transfers, and following them to the end."""
