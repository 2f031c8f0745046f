"""The doors of the simulated exchanges, a file or a folder for each API: who asks, its paths, how it says what it did.

Written from the exchanges' documents. They know nothing of what Warifu's own adapters send.
"""
