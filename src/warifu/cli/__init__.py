"""The owner's terminal: the trusted door to the wallet.

What it shows before a signature it has read from the bytes itself; what it seals, it seals to devices that the owner
pinned by comparing nine digits; where the service says something that this machine can check, it checks.
"""
