"""Certificate paths: what leads to a trusted root, and every way in which a path must not."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.authorities import DAY, NOW, authority, curve_key, issue, revocation_list, rsa_key, usage

from warifu.attestation import chain
from warifu.attestation.certificates import MAX_CERTIFICATES, read_certificate, read_documents
from warifu.attestation.chain import Algorithms, Roots, check_path, digest_of, find_path
from warifu.attestation.verifier import CheckFailed, Endorsements

pytestmark = pytest.mark.unit

P384 = Algorithms(curves=frozenset({"secp384r1"}), digests=frozenset({"sha384"}))
LEAF = ((x509.BasicConstraints(False, None), True), (usage("digital_signature"), True))
ROOT = issue("root", curve_key("root"), None, authority())
MIDDLE = issue("middle", curve_key("middle"), ROOT, authority(1))
LOWER = issue("lower", curve_key("lower"), MIDDLE, authority(0))
KEY = issue("key", curve_key("key"), LOWER, LEAF)
ROOTS = Roots(digests=frozenset({digest_of(ROOT.certificate)}))
WHOLE = [each.certificate for each in (KEY, LOWER, MIDDLE, ROOT)]


def refused(leaf, intermediates, roots=ROOTS, now=NOW, algorithms=P384):
    """The check that fails, and why, in both ways to ask."""
    with pytest.raises(CheckFailed) as failure:
        find_path(leaf, intermediates, roots, now, algorithms)
    with pytest.raises(CheckFailed):
        check_path([leaf, *intermediates], roots, now, algorithms)
    return failure.value.check, failure.value.detail


def with_lower(lower, leaf=None):
    """A path in which ``lower`` stands above the leaf."""
    leaf = leaf or issue("key", curve_key("key"), lower, LEAF)
    return leaf.certificate, [lower.certificate, MIDDLE.certificate, ROOT.certificate]


def test_a_path_is_found_in_any_order_and_lasts_as_long_as_its_shortest_part():
    for above in (WHOLE[1:], WHOLE[:0:-1], [WHOLE[2], WHOLE[3], WHOLE[1], WHOLE[2]]):
        path = find_path(WHOLE[0], above, ROOTS, NOW, P384)
        assert path.certificates == tuple(WHOLE)
    short = issue("key", curve_key("key"), LOWER, LEAF, last=NOW + 5).certificate
    assert check_path([short, *WHOLE[1:]], ROOTS, NOW, P384).expires_at == NOW + 5


def test_a_given_order_is_the_only_one():
    assert check_path(WHOLE, ROOTS, NOW, P384).root == ROOT.certificate
    for wrong in ([WHOLE[0], WHOLE[2], WHOLE[1], WHOLE[3]], WHOLE[:3], [WHOLE[0], WHOLE[3]], WHOLE[:1]):
        with pytest.raises(CheckFailed) as failure:
            check_path(wrong, ROOTS, NOW, P384)
        assert failure.value.check == "chain"


def test_a_root_of_the_caller_s_need_not_be_handed_in_again():
    roots = Roots().with_callers(Endorsements(roots=(ROOT.der,)))
    assert find_path(WHOLE[0], WHOLE[1:3], roots, NOW, P384).root == ROOT.certificate
    with pytest.raises(CheckFailed):
        Roots().with_callers(Endorsements(roots=(b"no certificate",)))


def test_a_root_that_nobody_named_ends_nothing():
    assert refused(WHOLE[0], WHOLE[1:], Roots())[0] == "chain"
    twin = issue("root", curve_key("another root"), None, authority())
    assert refused(WHOLE[0], [*WHOLE[1:3], twin.certificate])[0] == "chain"


def test_a_true_path_is_found_beside_a_false_one_of_the_same_names():
    twin = issue("middle", curve_key("another middle"), ROOT, authority(1)).certificate
    assert find_path(WHOLE[0], [WHOLE[1], twin, *WHOLE[2:]], ROOTS, NOW, P384).certificates == tuple(WHOLE)


@pytest.mark.parametrize("which", [1, 2, 3])
def test_a_part_that_is_missing(which):
    assert refused(WHOLE[0], [each for each in WHOLE[1:] if each != WHOLE[which]])[0] == "chain"


@pytest.mark.parametrize(
    ("extensions", "says"),
    [
        ((), "no certificate authority"),
        (
            ((x509.BasicConstraints(False, None), True), (usage("key_cert_sign"), True)),
            "no certificate authority",
        ),
        (((x509.BasicConstraints(True, 0), True), (usage("crl_sign"), True)), "not for certificates"),
        (
            (
                *authority(0),
                (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),
            ),
            "1.2.3.4",
        ),
        (
            (*authority(0), (x509.NameConstraints([x509.DNSName("example.com")], None), True)),
            "demands 2.5.29.30",
        ),
    ],
)
def test_an_intermediate_that_may_not_issue(extensions, says):
    lower = issue("lower", curve_key("lower"), MIDDLE, extensions)
    check, detail = refused(*with_lower(lower))
    assert (check, says in detail) == ("chain", True)


def test_a_path_longer_than_an_authority_allows():
    lower = issue("lower", curve_key("lower"), MIDDLE, authority())
    lowest = issue("lowest", curve_key("lowest"), lower, authority())
    leaf, above = with_lower(lower, issue("key", curve_key("key"), lowest, LEAF))
    check, detail = refused(leaf, [lowest.certificate, *above])
    assert (check, "allows a path of 1" in detail) == ("chain", True)


def test_a_path_longer_than_any():
    last, path = ROOT, [ROOT.certificate]
    for number in range(chain.MAX_PATH):
        last = issue(f"part {number}", curve_key("part"), last, authority())
        path.insert(0, last.certificate)
    leaf = issue("key", curve_key("key"), last, LEAF).certificate
    assert refused(leaf, path)[0] == "chain"
    with pytest.raises(CheckFailed) as failure:
        find_path(leaf, path, ROOTS, NOW, P384)
    assert "longer" in failure.value.detail


@pytest.mark.parametrize("which", ["key", "lower", "root"])
@pytest.mark.parametrize(("first", "last", "says"), [(-DAY, -1, "expired"), (1, DAY, "not valid yet")])
def test_a_part_that_is_not_valid_now(which, first, last, says):
    dates = {
        name: {"first": NOW + first, "last": NOW + last} if name == which else {}
        for name in ("key", "lower", "root")
    }
    root = issue("root", curve_key("root"), None, authority(), **dates["root"])
    lower = issue("lower", curve_key("lower"), root, authority(0), **dates["lower"])
    leaf = issue("key", curve_key("key"), lower, LEAF, **dates["key"])
    roots = Roots((root.certificate,))
    check, detail = refused(leaf.certificate, [lower.certificate, root.certificate], roots)
    assert (check, says in detail) == ("validity", True)


def test_the_first_and_the_last_second_count():
    leaf = issue("key", curve_key("key"), LOWER, LEAF, first=NOW, last=NOW + 1).certificate
    for moment, valid in ((NOW - 1, False), (NOW, True), (NOW + 1, True), (NOW + 2, False)):
        if valid:
            assert check_path([leaf, *WHOLE[1:]], ROOTS, moment, P384).leaf == leaf
        else:
            assert refused(leaf, WHOLE[1:], now=moment)[0] == "validity"


def test_a_certificate_that_another_signed_in_the_issuer_s_name():
    lower = issue("lower", curve_key("lower"), MIDDLE, authority(0), signing=curve_key("a thief"))
    assert "not signed by" in refused(*with_lower(lower))[1]


def test_a_certificate_that_names_another_issuer():
    lower = issue("lower", curve_key("lower"), MIDDLE, authority(0), issuer="somebody")
    assert refused(*with_lower(lower))[0] == "chain"


def test_a_leaf_that_is_an_authority_or_whose_key_is_for_something_else():
    both = ((x509.BasicConstraints(True, None), True), (usage("digital_signature", "key_cert_sign"), True))
    for extensions in (both, authority(0), ((usage("key_encipherment"), True),)):
        leaf = issue("key", curve_key("key"), LOWER, extensions).certificate
        assert refused(leaf, WHOLE[1:])[0] == "chain"
    path = find_path(leaf, WHOLE[1:], ROOTS, NOW, P384, ("key_encipherment", "key_agreement"))
    assert path.leaf == leaf


@pytest.mark.parametrize(
    "key", [curve_key("small", ec.SECP256R1), curve_key("other", ec.SECP521R1), rsa_key("small", 2048)]
)
def test_an_authority_with_another_kind_of_key(key):
    lower = issue("lower", key, MIDDLE, authority(0))
    assert refused(*with_lower(lower))[0] == "chain"


def test_another_digest_or_another_way_to_sign():
    lower = issue("lower", curve_key("lower"), MIDDLE, authority(0), digest=hashes.SHA256())
    assert refused(*with_lower(lower))[0] == "chain"
    signer = issue("lower", rsa_key("small", 2048), MIDDLE, authority(0))
    leaf, above = with_lower(signer)
    pss = Algorithms(frozenset({"secp384r1"}), 2048, pss=True)
    assert find_path(leaf, above, ROOTS, NOW, pss).leaf == leaf
    assert refused(leaf, above, algorithms=Algorithms(frozenset({"secp384r1"}), 2048))[0] == "chain"
    assert refused(leaf, above, algorithms=Algorithms(frozenset({"secp384r1"}), 3072, pss=True))[0] == "chain"


def test_certificates_that_could_all_have_signed_each_other_are_soon_given_up(monkeypatch):
    asked = []
    honest = chain.signed_by

    def counted(*arguments):
        asked.append(arguments)
        return honest(*arguments)

    monkeypatch.setattr(chain, "signed_by", counted)
    key = curve_key("loop")
    loop = [issue("loop", key, None, authority(), serial=number).certificate for number in range(1, 31)]
    leaf = issue("key", curve_key("key"), issue("loop", key, None, authority()), LEAF).certificate
    with pytest.raises(CheckFailed):
        find_path(leaf, loop, ROOTS, NOW, P384)
    assert len(asked) <= 64


class TestDocuments:
    def test_are_read_in_der_and_pem_one_or_several(self):
        crl = revocation_list(ROOT, (7,))
        crl_pem = x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM)
        pem = ROOT.pem + KEY.pem + crl_pem
        for document in (ROOT.der + KEY.der + crl, pem, pem[:-1], pem.replace(b"\n", b"\r\n")):
            found = read_documents([document])
            assert found.certificates == (ROOT.certificate, KEY.certificate)
            assert [each.issuer for each in found.lists] == [ROOT.certificate.subject]

    @pytest.mark.parametrize(
        "document",
        [
            b"",
            b"0",
            b"0\x80",
            b"0\x84\x00\x00\x00\x01\x00",
            b"\x00" * 50,
            ROOT.der[:-1],
            ROOT.der + b"\x00",
            ROOT.pem[:-5],
            ROOT.pem.replace(b"END CERT", b"END CURT"),
            ROOT.pem.replace(b"CERTIFICATE", b"PRIVATE KEY"),
            b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
            b"# a root\n" + ROOT.pem,
            b"\n" + ROOT.pem,
            ROOT.pem + b"\n" + KEY.pem,
            ROOT.pem + b"\0",
            ROOT.pem.replace(b"\n", b"\r\n", 1),
            ROOT.pem + KEY.pem.replace(b"\n", b"\r\n"),
            ROOT.pem.replace(b"\n", b" \n", 2),
            ROOT.pem.replace(b"\n", b"\r"),
            ROOT.pem.replace(b"\n", b"", 2).replace(b"-----END", b"\n-----END"),
            ROOT.pem.replace(b"-----\n", b"-----\n\n", 1),
            ROOT.pem.replace(b"\n", b"")
            .replace(b"-----BEGIN CERTIFICATE-----", b"-----BEGIN CERTIFICATE-----\n")
            .replace(b"-----END CERTIFICATE-----", b"\n-----END CERTIFICATE-----\n"),
            b"-----BEGIN " * 300,
            b"-----BEGIN CERTIFICATE-----"
            + b" " * 250_000,  # would take hours where white space may match twice
            ROOT.pem * (MAX_CERTIFICATES + 1),
            b"0" * (1 << 20),
        ],
    )
    def test_that_are_none_are_refused(self, document):
        with pytest.raises(CheckFailed) as failure:
            assert not read_documents([document]).certificates
            raise CheckFailed("endorsements", "nothing was found")
        assert failure.value.check in ("endorsements", "certificate")

    def test_base64_has_one_spelling(self):
        """The last character before the padding has bits that mean nothing, and must be zero."""
        issued = (issue("n" * length, curve_key("key"), ROOT, LEAF) for length in range(1, 60))
        pem = next(each.pem for each in issued if b"=\n" in each.pem)
        mark = pem.index(b"=") - 1
        assert pem[mark : mark + 1] in b"AEIMQUYcgkosw048"
        assert read_documents([pem]).certificates
        with pytest.raises(CheckFailed):
            read_documents([pem[:mark] + bytes([pem[mark] + 1]) + pem[mark + 1 :]])

    def test_a_certificate_is_whole_and_alone(self):
        for der in (ROOT.der + b"\x00", ROOT.der[:-1], b"", b"0" * 20_000):
            with pytest.raises(CheckFailed):
                read_certificate(der)


@pytest.mark.slow
def test_no_bit_of_a_path_can_be_turned():
    """Not even the number of unused bits of a signature whose last bit is zero."""
    many = (
        issue("lower", curve_key("lower"), MIDDLE, authority(0), serial=number) for number in range(1, 100)
    )
    lower = next(each for each in many if each.certificate.signature[-1] % 2 == 0)
    leaf, above = with_lower(lower)
    check_path([leaf, *above], ROOTS, NOW, P384)
    der = bytearray(lower.der)
    for bit in range(len(der) * 8):
        der[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CheckFailed):
            check_path([leaf, read_certificate(bytes(der)), *above[1:]], ROOTS, NOW, P384)
        der[bit // 8] ^= 1 << bit % 8
