"""The HTTP API (types: ``warifu.protocol.api``), one file for each group of routes."""
