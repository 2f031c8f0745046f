"""The layers, one per file. ``apply.LAYERS`` is the table that puts them in order."""
