"""The whole road of a transfer on one machine, for everybody to see: ``make demo``, ``warifu demo``.

It starts real processes (an embedded chain, the service, three devices with their enclaves), takes the real roads
between them (WebSocket and HTTPS with pinned certificates), checks each thing that it shows, and leaves nothing behind.
What it cannot be: the platform is ``UnsafeSoftware``, and the embedded chain's mempool rules are our own.
"""
