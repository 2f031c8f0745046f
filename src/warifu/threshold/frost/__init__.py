"""FROST threshold Schnorr signing: RFC 9591, and BIP 445 for signatures that BIP-340 verifies."""
