"""Many concurrent sessions: the ROS attack (Benhamouda, Lepoint, Loss, Orru, Raykova, EUROCRYPT 2021), carried out.

One corrupted signer of two opens as many sessions as the group order has bits, waits for the honest signer's nonces in
all of them, and chooses its own last, so that the challenges satisfy one linear equation. Against a scheme in which
the honest nonce N_j that enters R_j does not depend on what the attacker chooses afterwards, it forges. FROST's binding
factor changes N_j with every choice, and the equation falls apart. Both is shown here: the same attack forges where the
binding factors are taken away (so that the test could fail), and does not where they are.

With c_j^b the challenge of session j for the attacker's choice b, and 2^j spread over the sessions::

    rho_j = 2^j / (c_j^1 - c_j^0),   rho = - sum_j rho_j c_j^0
    R* = sum_j rho_j N_j - rho l_0 S_0,   c* = H(R*, PK, m*) = sum_j 2^j b_j   (the bits of c* are the choices)
    z* = sum_j rho_j z_j + c* l_1 s_1

so that z* G = R* + c* PK, where z_j are the honest signer's shares, S_0 its public share, l_i Lagrange coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.support.dealer import Dealt, deal

from warifu.threshold.errors import InvalidContribution
from warifu.threshold.frost import bip445
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.equation import Equation
from warifu.threshold.frost.nonces import PublicNonce
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.frost.scheme import Scheme, Task
from warifu.threshold.frost.session import SigningSession
from warifu.threshold.group import Element
from warifu.threshold.hashing import tagged_hash
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = [pytest.mark.unit, pytest.mark.slow]

HONEST, CORRUPT = 0, 1
FORGED_MESSAGE = b"a payment that nobody authorized"


@dataclass(frozen=True)
class Choice:
    """What the attacker may answer in one session: a public nonce, and the equation that comes of it."""

    public_nonce: bytes
    equation: Equation
    honest_nonce: Element
    """N_j: what the honest signer's two commitments come to under this choice."""


@dataclass
class OpenSession:
    """One of the many sessions, in which the honest signer has spoken and the attacker has not."""

    task: Task
    session: SigningSession
    public_nonce: bytes

    @classmethod
    def start(cls, scheme: Scheme, dealt: Dealt, number: int) -> OpenSession:
        message = number.to_bytes(32, "big")
        session, public_nonce = SigningSession.start(
            dealt.key,
            dealt.shares[HONEST],
            HONEST,
            [HONEST, CORRUPT],
            message,
            (),
            (number + 1).to_bytes(4, "big"),
            scheme=scheme,
        )
        return cls(
            scheme.task(dealt.key.signers(scheme.group, [HONEST, CORRUPT]), message, ()),
            session,
            public_nonce,
        )

    def choices(self) -> tuple[Choice, Choice]:
        """Two answers. On BIP-340 only those that leave R even, so that no sign enters the linear algebra."""
        group = self.task.signers.group
        honest = PublicNonce.parse(group, self.public_nonce)
        found: list[Choice] = []
        number = 0
        while len(found) < 2:
            number += 1
            public_nonce = group.base_mul_public(number).encoded + group.generator.encoded
            equation = self.task.equation({HONEST: honest, CORRUPT: PublicNonce.parse(group, public_nonce)})
            if equation.nonce_sign == 1:
                binding = group.element_mul_public(honest.binding, equation.binding[HONEST])
                found.append(Choice(public_nonce, equation, group.element_add(honest.hiding, binding)))
        return found[0], found[1]

    def answer(self, choice: Choice) -> int:
        """The honest signer's share, which it gives to any answer, once."""
        signed = self.session.sign({HONEST: self.public_nonce, CORRUPT: choice.public_nonce})
        return self.task.signers.group.scalar_from_bytes(signed)


def challenge(scheme: Scheme, dealt: Dealt, nonce: Element, message: bytes) -> int:
    """The challenge of a finished signature; on BIP-340 with the sign of the key, as :class:`Equation` has it."""
    key = scheme.group.element_from_bytes(dealt.key.threshold_pubkey)
    if scheme is FROST_ED25519:
        return FROST_ED25519.suite.challenge(nonce.encoded + key.encoded + message)
    data = SECP256K1.xonly(nonce) + SECP256K1.xonly(key) + message
    sign = 1 if SECP256K1.has_even_y(key) else -1
    return sign * SECP256K1.scalar_reduce(tagged_hash("BIP0340/challenge", data)) % SECP256K1.order


def attack(scheme: Scheme, dealt: Dealt) -> tuple[bytes, bool]:
    """Carry the attack out; the forged signature, and whether any honest nonce moved with the attacker's choice."""
    group, q = scheme.group, scheme.group.order
    while True:
        sessions = [OpenSession.start(scheme, dealt, number) for number in range(q.bit_length())]
        choices = [session.choices() for session in sessions]
        weights = [
            (1 << j) * group.scalar_invert((one.equation.challenge - zero.equation.challenge) % q) % q
            for j, (zero, one) in enumerate(choices)
        ]
        constant = -sum(
            weight * zero.equation.challenge for weight, (zero, _) in zip(weights, choices, strict=True)
        )
        coefficients = choices[0][0].equation.signers.coefficients
        public_share = group.element_from_bytes(dealt.key.pubshares[HONEST])
        nonce = group.element_add(
            *(group.element_mul_public(c[0].honest_nonce, w) for w, c in zip(weights, choices, strict=True)),
            group.element_mul_public(public_share, -constant * coefficients[HONEST]),
        )
        if scheme is FROST_ED25519 or SECP256K1.has_even_y(nonce):
            break
    target = challenge(scheme, dealt, nonce, FORGED_MESSAGE)
    z = target * coefficients[CORRUPT] * group.scalar_from_bytes(dealt.shares[CORRUPT].expose())
    for j, (session, weight) in enumerate(zip(sessions, weights, strict=True)):
        z += weight * session.answer(choices[j][target >> j & 1])
    first_half = nonce.encoded if scheme is FROST_ED25519 else SECP256K1.xonly(nonce)
    moved = [zero.honest_nonce != one.honest_nonce for zero, one in choices]
    assert all(moved) or not any(moved)
    return first_half + group.scalar_to_bytes(z % q), all(moved)


def take_the_binding_factors_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(tag: str, *parts: bytes | bytearray) -> bytes:
        return (1).to_bytes(32, "big") if tag == "BIP0445/noncecoef" else tagged_hash(tag, *parts)

    monkeypatch.setattr(bip445, "tagged_hash", without)
    monkeypatch.setattr(type(FROST_ED25519.suite), "binding_factor", lambda *_: 1)


@pytest.mark.parametrize("bound", [False, True], ids=["without binding factors", "with binding factors"])
@pytest.mark.parametrize("scheme", [BIP340, FROST_ED25519], ids=["bip340", "ed25519"])
def test_as_many_open_sessions_as_the_order_has_bits_forge_only_where_nothing_binds_the_nonces(
    monkeypatch: pytest.MonkeyPatch, scheme: Scheme, bound: bool
) -> None:
    if not bound:
        take_the_binding_factors_away(monkeypatch)
    dealt = deal(2, 2, scheme.group)
    signature, moved = attack(scheme, dealt)
    task = scheme.task(dealt.key.signers(scheme.group, [HONEST, CORRUPT]), FORGED_MESSAGE, ())
    assert task.verifies(signature) is not bound
    assert moved is bound


@pytest.mark.parametrize("scheme", [BIP340, FROST_ED25519], ids=["bip340", "ed25519"])
def test_what_the_attacker_spoils_by_it_names_the_attacker(scheme: Scheme) -> None:
    """The honest signer's own sessions end as any other: no signature, and the one who kept its share back is named."""
    dealt = deal(2, 2, scheme.group)
    session = OpenSession.start(scheme, dealt, 7)
    choice = session.choices()[1]
    own = scheme.group.scalar_to_bytes(session.answer(choice))
    with pytest.raises(InvalidContribution) as caught:
        session.session.aggregate({HONEST: own, CORRUPT: bytes(32)})
    assert (caught.value.index, caught.value.what) == (CORRUPT, "psig")
