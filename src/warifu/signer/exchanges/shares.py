"""Whether a share is what its account says. Loads the curve alone."""

from __future__ import annotations

from warifu.errors import InputRefused
from warifu.signer.exchanges.accounts import Account
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import ThresholdError
from warifu.threshold.importing import fits
from warifu.threshold.wiping import Secret


def require_fits(account: Account, threshold: int, identity: bytes, share: Secret) -> None:
    """Return where the share of the device ``identity`` is this account's, or the account has no shared key.

    ``InputRefused`` (``exchange-share``): the owner's client dealt it badly, or different holders shares of different
    keys; ``exchange-key``: the terms name a public key that is not this one's.
    """
    terms = account.terms
    assert terms is not None
    if account.kind != "ed25519-split":
        if terms.public_shares or terms.public != (account.born.public if account.born is not None else b""):
            raise InputRefused(
                "exchange-key",
                "the terms name another public key than this device has a share of",
                not_done="Nothing was kept.",
                remedy="Register the key that the devices generated last, and bring the API key of that.",
            )
        return
    try:
        place = account.holders.index(identity)
        sound = fits(ED25519, account.threshold_key(threshold), place, share)
    except ThresholdError:
        sound = False
    if not sound:
        raise InputRefused(
            "exchange-share",
            "the share does not belong to the public key and the public shares that came with it",
            not_done="Nothing was kept.",
            remedy="Add the account again: its key is split anew.",
        )
