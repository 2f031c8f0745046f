"""Edge cases of ECDSA over secp256k1, in the manner of Wycheproof, each class made here from its definition.

A case is (r, s) as integers, so that it goes into both encodings: 64 bytes, as Warifu and Ethereum have it, and DER.
``d`` is the secret key, known because these are tests. Verifiers agree on everything here but one thing: libsecp256k1
(and so Warifu, Ethereum since EIP-2, and Bitcoin's relay rules) refuses s in the upper half; OpenSSL takes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warifu.threshold.errors import InvalidInput
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1

N = SECP256K1.order
P = 2**256 - 2**32 - 977
D, K = 0x1234567890ABCDEF1234567890ABCDEF, 0xFEDCBA0987654321FEDCBA0987654321
KEY = SECP256K1.base_mul_public(D)
DIGEST = bytes(range(100, 132))

NOBODY: frozenset[str] = frozenset()
HIGH_S_ALLOWED = frozenset({"openssl", "noble, any s"})
EVERYBODY = frozenset({"ours", "libsecp256k1", "openssl", "noble", "noble, any s"})


@dataclass(frozen=True)
class Case:
    name: str
    why: str
    r: int
    s: int
    accepted_by: frozenset[str]
    key: bytes = KEY.encoded
    digest: bytes = DIGEST


def x_of(point: Element) -> int:
    return int.from_bytes(point.encoded[1:], "big")


def signed(d: int, k: int, digest: bytes) -> tuple[int, int]:
    """The textbook: r = x(k G), s = (z + r d) / k, brought into the lower half."""
    r = x_of(SECP256K1.base_mul_public(k)) % N
    s = (int.from_bytes(digest, "big") + r * d) * pow(k, -1, N) % N
    return r, min(s, N - s)


def every_case() -> list[Case]:
    return [*scalars(), *digests(), *points()]


def scalars() -> Iterator[Case]:
    r, s = signed(D, K, DIGEST)
    yield Case("valid", "SEC 1, 4.1.4", r, s, EVERYBODY)
    yield Case("high s", "n - s: anybody can turn one into the other", r, N - s, HIGH_S_ALLOWED)
    yield Case("r and s exchanged", "", s, r, NOBODY)
    for name, wrong in {
        "0": 0,
        "1": 1,
        "n - 1": N - 1,
        "n": N,
        "n + 1": N + 1,
        "2^256 - 1": 2**256 - 1,
    }.items():
        yield Case(f"r = {name}", "", wrong, s, NOBODY)
        yield Case(f"s = {name}", "", r, wrong, NOBODY)
        yield Case(f"r = s = {name}", "zero for zero holds in a careless equation", wrong, wrong, NOBODY)
    yield Case("-r", "", N - r, s, NOBODY)
    yield Case("p as r", "x is compared modulo n", P, s, NOBODY)


def digests() -> Iterator[Case]:
    zero, ones = bytes(32), b"\xff" * 32
    yield Case("digest 0", "z = 0 is a digest as any other", *signed(D, K, zero), EVERYBODY, digest=zero)
    yield Case("digest above n", "z is taken modulo n", *signed(D, K, ones), EVERYBODY, digest=ones)
    yield Case("of another digest", "", *signed(D, K, DIGEST), NOBODY, digest=zero)
    r, s = signed(D, K, DIGEST)
    yield Case("under another key", "", r, s, NOBODY, key=SECP256K1.base_mul_public(D + 1).encoded)
    yield Case("under the negated key", "", r, s, NOBODY, key=SECP256K1.element_negate(KEY).encoded)
    # z + r d = 0: u1 G + u2 Q is the point at infinity whatever s is, and has no x coordinate.
    infinite = (-r * D % N).to_bytes(32, "big")
    for name, value in (("s", s), ("1", 1)):
        yield Case(f"R at infinity, s = {name}", "", r, value, NOBODY, digest=infinite)


def points() -> Iterator[Case]:
    """An x coordinate of R between n and p, of which r is the remainder: nobody meets one by chance (2^-128)."""
    x = next(x for x in range(N + 1, P) if _on_curve(x))
    r, s = x - N, 12345
    nonce = SECP256K1.element_from_bytes(b"\x02" + x.to_bytes(32, "big"))
    unscaled = SECP256K1.element_sub(
        SECP256K1.element_mul_public(nonce, s), SECP256K1.base_mul_public(int.from_bytes(DIGEST, "big"))
    )
    key = SECP256K1.element_mul_public(unscaled, SECP256K1.scalar_invert(r)).encoded
    yield Case(
        "r = x(R) - n", "R wraps around the order, and the signature is valid", r, s, EVERYBODY, key=key
    )
    yield Case("r = x(R) above n", "the same, not reduced", x, s, NOBODY, key=key)


def _on_curve(x: int) -> bool:
    try:
        SECP256K1.element_from_bytes(b"\x02" + x.to_bytes(32, "big"))
    except InvalidInput:
        return False
    return True


# Encodings


def compact(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def der_integer(number: int) -> bytes:
    """A DER INTEGER: minimal, with a leading zero where it would otherwise be negative."""
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(content)]) + content


def der_sequence(*integers: bytes) -> bytes:
    content = b"".join(integers)
    return bytes([0x30, len(content)]) + content


def der(r: int, s: int) -> bytes:
    return der_sequence(der_integer(r), der_integer(s))


def bad_encodings(r: int, s: int) -> dict[str, bytes]:
    """Other bytes that mean, or seem to mean, the same valid (r, s): with them a signature has many forms."""
    integer_r, integer_s, good = der_integer(r), der_integer(s), der(r, s)
    padded = bytes([2, integer_r[1] + 1, 0]) + integer_r[2:]
    return {
        "a leading zero too many": der_sequence(padded, integer_s),
        "a negative r": der_sequence(der_negative(r), integer_s),
        "a negative s": der_sequence(integer_r, der_negative(s)),
        "an empty integer": der_sequence(b"\x02\x00", integer_s),
        "one integer": der_sequence(integer_r),
        "three integers": der_sequence(integer_r, integer_s, integer_s),
        "a byte less": good[:-1],
        "a byte more": good + b"\0",
        "a byte more inside": der_sequence(integer_r, integer_s, b"\0"),
        "a long form length": b"\x30\x81" + good[1:],
        "an indefinite length": b"\x30\x80" + good[2:] + b"\0\0",
        "a length too short": good[:1] + bytes([good[1] - 1]) + good[2:],
        "a length too long": good[:1] + bytes([good[1] + 1]) + good[2:],
        "no sequence": b"\x31" + good[1:],
        "no integers": good.replace(b"\x02", b"\x03", 1),
        "an integer of 33 bytes that fit": der_sequence(der_integer(r + 2**256), integer_s),
        "64 bare bytes": compact(r, s),
        "empty": b"",
    }


def der_negative(number: int) -> bytes:
    """-number in two's complement."""
    length = number.bit_length() // 8 + 1
    return bytes([2, length]) + ((1 << 8 * length) - number).to_bytes(length, "big")
