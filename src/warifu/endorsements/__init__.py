"""Endorsements at hand (RFC 9334): what vendors publish about their chips, fetched now and then and kept on disk.

A verifier is offline and takes what it is handed. Here is where that comes from: which documents a piece of evidence
needs, and at which address the vendor gives them (``intel``, ``amd``; pure); a cache that never goes back to an older
one (``store``); and refreshing (``refreshing``) from a ``Source``, of which one is the network (``web``). What is
fetched is checked down to the vendor's root before it is kept. What an offline home may still do after a document
should have been renewed is its appraisal policy's grace, and not decided here.

The files are no secret, and no proof: whoever may write them can remove them. A verifier checks them again, each time.
"""
