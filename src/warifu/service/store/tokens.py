"""The tokens that were met, in the encrypted database: which ones an account holds is nobody else's business."""

from __future__ import annotations

import sqlalchemy as sa

from warifu.chains.accounts import Token
from warifu.chains.ethereum_network.registry import TokenRegistry
from warifu.service.store.database import Database
from warifu.service.store.schema import tokens


class StoredTokens(TokenRegistry):
    """``TokenRegistry`` that survives a restart."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        with database.reading() as connection:
            for row in connection.execute(sa.select(tokens)):
                super().remember(row.chain, Token(row.address, row.symbol, row.decimals))

    def remember(self, chain: str, token: Token) -> None:
        """Keep a token. ``InputRefused`` (``token-changed``) if another symbol or other decimals are known of it."""
        super().remember(chain, token)
        with self._database.writing() as connection:
            known = sa.select(tokens.c.address).where(
                tokens.c.chain == chain, tokens.c.address == token.address
            )
            if connection.execute(known).first() is None:
                connection.execute(
                    tokens.insert().values(
                        chain=chain, address=token.address, symbol=token.symbol, decimals=token.decimals
                    )
                )
