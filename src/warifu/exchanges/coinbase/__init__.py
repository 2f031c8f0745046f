"""Coinbase: the Exchange API (institutions; HMAC), Advanced Trade and the Coinbase App (CDP keys; JWT)."""
