"""The checks, by what they are about. ``doctor.CHECKS`` is the table that puts them in order."""
