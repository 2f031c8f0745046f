"""Warifu (割符): a warm wallet whose key is born in pieces and signs only when the pieces meet.

``docs/architecture.md`` has the map of the rooms and what each may import.
"""

__version__ = "0.1.0"
