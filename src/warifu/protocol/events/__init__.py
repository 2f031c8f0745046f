"""What a device writes into its journal: decided and done, or refused by which rule. A module for each subject.

To add a kind: a struct with its own tag, and its name in ``protocol.journal.Event``. One with a field ``wallet`` is
shown to the owners of that wallet and to nobody else; one without to the owners of every wallet of the device.
"""
