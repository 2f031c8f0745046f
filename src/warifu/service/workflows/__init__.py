"""What runs longer than one HTTP request: key generation, transfers, and following them to the end."""
