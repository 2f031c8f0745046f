"""The doors of the simulated exchanges, one file or one folder for each API: authentication, paths, and how it says what happened.

Written from the exchanges' documents. They know nothing of what Warifu's own adapters send.
"""
