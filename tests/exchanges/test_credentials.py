"""What each exchange is shown: the documented forms, by one key and by two of three signers."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.support.exchange_keys import STAMP, Quorum, WholeEd25519, quorums, unsigned

from warifu.errors import InputRefused
from warifu.exchanges.binance.credentials import BinanceKey
from warifu.exchanges.coinbase.credentials import CdpKey, ExchangeKey
from warifu.exchanges.signing import Stamp
from warifu.signer.egress.keys import Es256Key, HmacKey
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

NAME = "organizations/4ac1c2d4-1111-4111-8111-111111111111/apiKeys/7a5e0d6f-2222-4222-8222-222222222222"
MOMENT = STAMP.seconds


def token(request) -> str:
    authorization: str = dict(request.headers)["Authorization"]
    assert authorization.startswith("Bearer ")
    return authorization.removeprefix("Bearer ")


def decoded(request, public, algorithm):
    """As the exchange reads it, at the moment of the stamp."""
    return jwt.decode(
        token(request),
        public,
        algorithms=[algorithm],
        options={"verify_exp": False, "verify_nbf": False},
    )


# Coinbase, CDP keys


def test_a_jwt_of_two_of_three_signers_verifies_under_pyjwt():
    for quorum, _ in zip(quorums(), range(3), strict=False):
        request = CdpKey(NAME, "EdDSA").prepare(unsigned(), STAMP).signed(quorum)
        public = ed25519.Ed25519PublicKey.from_public_bytes(quorum.public)
        claims = decoded(request, public, "EdDSA")
        assert claims == {
            "sub": NAME,
            "iss": "cdp",
            "nbf": MOMENT,
            "exp": MOMENT + 120,
            "uri": "POST api.coinbase.com/api/v3/brokerage/orders",
        }
        assert jwt.get_unverified_header(token(request)) == {
            "alg": "EdDSA",
            "kid": NAME,
            "nonce": STAMP.nonce.hex(),
            "typ": "JWT",
        }
        with pytest.raises(jwt.InvalidSignatureError):
            decoded(request, WholeEd25519(bytes(32)).key.public_key(), "EdDSA")


def test_an_es256_jwt_verifies_under_pyjwt():
    key = ec.generate_private_key(ec.SECP256R1())
    request = CdpKey(NAME, "ES256").prepare(unsigned(), STAMP).signed(Es256Key(key))
    assert decoded(request, key.public_key(), "ES256")["iss"] == "cdp"


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_it_is_byte_for_byte_what_pyjwt_would_sign(algorithm):
    whole = WholeEd25519()
    key = whole.key if algorithm == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
    uri = "POST api.coinbase.com/api/v3/brokerage/orders"
    claims = {"sub": NAME, "iss": "cdp", "nbf": MOMENT, "exp": MOMENT + 120, "uri": uri}
    theirs = jwt.encode(claims, key, algorithm, headers={"kid": NAME, "nonce": STAMP.nonce.hex()})
    ours = CdpKey(NAME, algorithm).prepare(unsigned(), STAMP).message
    assert ours.decode() == theirs.rpartition(".")[0]
    if algorithm == "EdDSA":  # deterministic for a whole key
        request = CdpKey(NAME, algorithm).prepare(unsigned(), STAMP).signed(whole)
        assert token(request) == theirs


def test_the_query_and_the_body_are_not_in_the_jwt():
    """That is Coinbase's form, and the reason for a second signer that looks afterwards."""
    key = CdpKey(NAME, "EdDSA")
    plain = key.prepare(unsigned(body=b'{"size":"1"}'), STAMP).message
    assert key.prepare(unsigned(body=b'{"size":"999"}'), STAMP).message == plain
    assert key.prepare(unsigned(query=[("limit", "1")]), STAMP).message == plain
    assert key.prepare(unsigned(path="/api/v3/brokerage/orders/edit"), STAMP).message != plain
    assert key.prepare(unsigned(method="PUT"), STAMP).message != plain
    assert key.prepare(unsigned(host="api-sandbox.coinbase.com"), STAMP).message != plain
    assert CdpKey.covers == "method and path"


def test_the_token_of_the_feed_names_no_path():
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + b"=="))
        for part in CdpKey(NAME, "EdDSA").subscribe(unsigned(method="FEED"), STAMP).message.split(b".")
    )
    assert "uri" not in claims
    assert (claims["exp"] - claims["nbf"], header["nonce"]) == (120, STAMP.nonce.hex())


@pytest.mark.parametrize("nonce", [b"", bytes(31), bytes(33)])
def test_a_nonce_has_32_bytes(nonce):
    with pytest.raises(InputRefused):
        CdpKey(NAME, "EdDSA").prepare(unsigned(), Stamp(1, nonce))


# Coinbase, the Exchange API

EXCHANGE = ExchangeKey("0123456789abcdef0123456789abcdef", Secret(b"pass phrase"))
HMAC_SECRET = base64.b64encode(bytes(range(64))).decode()


def test_the_exchange_api_signs_everything():
    request = unsigned(
        host="api.exchange.coinbase.com", path="/orders", query=[("a", "b c")], body=b'{"size":"1"}'
    )
    signed = EXCHANGE.prepare(request, STAMP).signed(HmacKey.from_base64(HMAC_SECRET))
    message = f'{MOMENT}POST/orders?a=b%20c{{"size":"1"}}'.encode()
    expected = base64.b64encode(hmac.new(bytes(range(64)), message, hashlib.sha256).digest()).decode()
    assert dict(signed.headers) == {
        "CB-ACCESS-KEY": EXCHANGE.key,
        "CB-ACCESS-SIGN": expected,
        "CB-ACCESS-TIMESTAMP": str(MOMENT),
        "CB-ACCESS-PASSPHRASE": "pass phrase",
        "Content-Type": "application/json",
    }
    assert (signed.target, signed.body) == ("/orders?a=b%20c", b'{"size":"1"}')
    messages = {
        EXCHANGE.prepare(other, STAMP).message
        for other in (
            request,
            unsigned(path="/orders", query=[("a", "c")], host=request.host),
            unsigned(path="/orders", body=b'{"size":"2"}', host=request.host),
            unsigned(path="/order", host=request.host),
            unsigned(method="PUT", path="/orders", host=request.host),
        )
    }
    assert len(messages) == 5


# Binance

BINANCE = BinanceKey("4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO")


def test_binance_verifies_what_two_of_three_signed_over_every_parameter():
    quorum = next(quorums())
    request = unsigned(
        host="api.binance.com",
        path="/api/v3/order",
        query=[("symbol", "BTCUSDT"), ("side", "SELL"), ("price", "0.2")],
        body=b"",
    )
    signed = BINANCE.prepare(request, STAMP).signed(quorum)
    path, query = signed.target.split("?", 1)
    payload, _, signature = query.rpartition("&signature=")
    assert path == "/api/v3/order"
    assert payload == f"symbol=BTCUSDT&side=SELL&price=0.2&recvWindow=5000&timestamp={STAMP.milliseconds}"
    raw = base64.b64decode(parse_qs(urlsplit(signed.target).query)["signature"][0], validate=True)
    ed25519.Ed25519PublicKey.from_public_bytes(quorum.public).verify(raw, payload.encode())
    assert all(character not in signature for character in "+/=")  # percent-encoded, once
    assert signed.headers == (("X-MBX-APIKEY", BINANCE.key),)


def test_binance_covers_parameters_and_not_where_they_go():
    plain = unsigned(path="/api/v3/order", query=[("symbol", "BTCUSDT")], body=b"")
    test = unsigned(path="/api/v3/order/test", query=[("symbol", "BTCUSDT")], body=b"")
    assert BINANCE.prepare(plain, STAMP).message == BINANCE.prepare(test, STAMP).message
    assert BinanceKey.covers == "parameters"


# All of them


@pytest.mark.parametrize(
    ("credential", "length"),
    [(EXCHANGE, 31), (EXCHANGE, 64), (CdpKey(NAME, "EdDSA"), 63), (CdpKey(NAME, "ES256"), 72), (BINANCE, 65)],
)
def test_a_signature_of_another_length_is_refused(credential, length):
    prepared = credential.prepare(unsigned(path="/x", body=b""), STAMP)
    with pytest.raises(InputRefused):
        prepared.finish(bytes(length))


@pytest.mark.parametrize(
    "make",
    [
        lambda: CdpKey("a\r\nb", "EdDSA"),
        lambda: CdpKey('name" "', "EdDSA"),
        lambda: CdpKey("", "EdDSA"),
        lambda: ExchangeKey("short", Secret(b"x")),
        lambda: BinanceKey("x" * 63),
        lambda: BinanceKey("x" * 64, window=60_001),
    ],
)
def test_a_key_of_another_form_is_refused(make):
    with pytest.raises(InputRefused):
        make()


def test_nothing_of_a_credential_shows_where_it_is_printed():
    quorum: Quorum = next(quorums())
    prepared = CdpKey(NAME, "EdDSA").prepare(unsigned(), STAMP)
    signed = EXCHANGE.prepare(unsigned(), STAMP).signed(HmacKey.from_base64(HMAC_SECRET))
    shown = repr((EXCHANGE, prepared, signed, prepared.signed(quorum), HmacKey.from_base64(HMAC_SECRET)))
    for hidden in ("pass phrase", "Bearer", "CB-ACCESS-SIGN", HMAC_SECRET, "eyJ"):
        assert hidden not in shown
