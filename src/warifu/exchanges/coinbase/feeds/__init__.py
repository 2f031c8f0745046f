"""Coinbase's WebSocket feeds as values: what one subscribes with, and what comes. No connection.

A feed tells early and may leave something out. What decides money is asked for by request; a feed says when to ask.
"""
