"""Japanese, beside the English that the code speaks."""

JAPANESE: dict[str, str] = {}
