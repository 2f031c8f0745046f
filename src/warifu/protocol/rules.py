"""A wallet's rules: who owns it and what its signers may sign, with the number of times that they were changed.

The same in every signer: the hash is in the evidence, in the channel between signers and in each envelope key, so a
device that is behind, or was left behind, takes part in nothing before it caught up.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.credential import MAX_OWNERS, Credential
from warifu.protocol.encoding import Message, digest, encode
from warifu.protocol.policy import MAX_POLICY_BYTES, Policy

FIRST_REVISION = 1
"""Of the rules that the request for the wallet brought."""
MAX_RULES_BYTES = MAX_POLICY_BYTES + 32 * 1024

Owners = Annotated[tuple[Credential, ...], msgspec.Meta(min_length=1, max_length=MAX_OWNERS)]


class Rules(Message, frozen=True):
    """Owners and policy of one wallet. Two different ones never bear the same revision, because each names the hash of
    the one that it replaces (``protocol.request.RulesRequest``)."""

    revision: Annotated[int, msgspec.Meta(ge=FIRST_REVISION, lt=2**32)]
    owners: Owners
    policy: Policy

    @property
    def owners_needed(self) -> int:
        """How many owners have to want what widens the wallet's trust: rules that allow more, the end of a freeze, a
        device that has changed, keepers of a device's secret. As many as for the largest payment: with fewer, whoever
        has their credentials would first widen it, and then make that payment alone."""
        return min(self.policy.most_approvals, len(self.owners))


def rules_hash(rules: Rules) -> bytes:
    """32 bytes that name exactly these rules."""
    return digest("rules", encode(rules))
