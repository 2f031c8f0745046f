"""Binance: spot orders and the wallet, with an Ed25519 key that never needs to have existed whole."""
