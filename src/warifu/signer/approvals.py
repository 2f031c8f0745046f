"""Which owners approved, as this device judges it: their signatures, and that no WebAuthn counter goes back.

A security key counts its signatures. A counter that does not go up over what this device has seen of the credential
tells of a second key with the same secret, so that approval is refused, whoever else approved (Web Authentication
Level 3, section 7.2, step 22, leaves this to the reader). It is a hint and no proof: an older approval that comes late
looks the same. Either way its owner approves anew, which counts higher. The very approval that was seen last may come
again: a session that broke off is tried with it once more. Credentials that always show 0 (passkeys that are synced
between devices) keep no counter, and nothing is remembered of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu.errors import AuthorizationRefused
from warifu.protocol.authorization import Authorization, Authorized, check_authorization
from warifu.protocol.credential import Credential, credential_digest
from warifu.protocol.envelope import Envelope
from warifu.protocol.parcel import Parcel
from warifu.signer.epoch import Epoch
from warifu.signer.store import Store


class Approvals:
    """What this device remembers of owners' WebAuthn credentials."""

    def __init__(self, store: Store, epoch: Epoch) -> None:
        self._store = store
        self._epoch = epoch

    def check(
        self,
        authorization: Authorization,
        owners: Sequence[Credential],
        envelope: Envelope | Parcel | None,
        now: int,
    ) -> Authorized:
        """As ``protocol.authorization.check_authorization``; also ``AuthorizationRefused`` (``counter``). What the
        counters show is durable when this returns."""
        authorized = check_authorization(authorization, owners, envelope, now)
        shown = [item for item in authorized.counters if self._is_new(*item)]
        if shown:
            with self._epoch.lasting():
                for credential, challenge, counter in shown:
                    self._store.execute(
                        "INSERT OR REPLACE INTO assertions VALUES (?, ?, ?)",
                        (credential_digest(credential), counter, challenge),
                    )
        return authorized

    def _is_new(self, credential: Credential, challenge: bytes, counter: int) -> bool:
        """Whether there is something to remember."""
        name = credential_digest(credential)
        rows = self._store.execute("SELECT counter, challenge FROM assertions WHERE credential = ?", (name,))
        if not rows:
            return counter > 0
        before, approved = int(rows[0][0]), bytes(rows[0][1])
        if counter > before:
            return True
        if counter == before and challenge == approved:
            return False
        raise AuthorizationRefused(
            "counter",
            f"a passkey's signature counter went back from {before} to {counter}: either it approved something else "
            "since, or there is a copy of it",
            remedy="Approve once more with it ('warifu approval give'). If it was not used since, it was copied: "
            "remove the credential from the wallet's owners.",
            blame=name.hex()[:16],
        )
