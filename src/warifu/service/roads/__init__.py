"""The roads of a transfer: what the workflow needs of a chain, behind one interface; a file for each kind of chain."""
