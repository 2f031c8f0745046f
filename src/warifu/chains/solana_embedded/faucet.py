"""Where SOL and tokens come from on the embedded chain. Mints are made by the token programs themselves."""

from __future__ import annotations

from dataclasses import dataclass

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from warifu.chains.solana import programs
from warifu.chains.solana.address import associated_token_address, format_address
from warifu.chains.solana_embedded.chain import EmbeddedChain, Rejected
from warifu.errors import InputRefused

MINT_BYTES = 82
INITIALIZE_MINT_2, MINT_TO = 20, 7
_PURSE = 10**12


@dataclass(frozen=True)
class Minted:
    """Addresses in base58."""

    mint: str
    token_account: str


class Faucet:
    """Gives SOL; makes mints of which it is the authority, and gives their tokens."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain
        self._key = Keypair()

    def airdrop(self, address: bytes, lamports: int) -> int:
        """Give ``lamports``; returns the new balance. ``InputRefused`` (``airdrop``) where the account cannot be."""
        key = Pubkey.from_bytes(address)
        with self._chain.lock:
            result = self._chain.svm.airdrop(key, lamports)
            if isinstance(result, FailedTransactionMetadata):
                raise InputRefused("airdrop", f"the engine refuses: {result.err()}")
            self._chain.advance(1)
            return self._chain.svm.get_balance(key) or 0

    def new_mint(self, decimals: int, *, token_2022: bool = False) -> bytes:
        """Make a mint of SPL Token or Token-2022 without extensions; its 32-byte address."""
        mint = Keypair()
        program = Pubkey.from_bytes(programs.TOKEN_2022 if token_2022 else programs.TOKEN)
        rent = self._chain.svm.minimum_balance_for_rent_exemption(MINT_BYTES)
        create = create_account(
            CreateAccountParams(
                from_pubkey=self._key.pubkey(),
                to_pubkey=mint.pubkey(),
                lamports=rent,
                space=MINT_BYTES,
                owner=program,
            )
        )
        data = bytes([INITIALIZE_MINT_2, decimals]) + bytes(self._key.pubkey()) + b"\x00"
        initialize = Instruction(program, data, [AccountMeta(mint.pubkey(), False, True)])
        self._run([create, initialize], mint)
        return bytes(mint.pubkey())

    def mint_to(self, mint: bytes, owner: bytes, amount: int) -> Minted:
        """Give ``amount`` of ``mint``, one of ours, to the associated token account of ``owner``."""
        account = self._chain.svm.get_account(Pubkey.from_bytes(mint))
        if account is None or bytes(account.owner) not in programs.TOKEN_PROGRAMS:
            raise InputRefused("mint", f"{format_address(mint)} is no mint of this chain")
        program = bytes(account.owner)
        token_account = Pubkey.from_bytes(associated_token_address(owner, mint, program))
        create = Instruction(
            Pubkey.from_bytes(programs.ASSOCIATED_TOKEN),
            b"\x01",
            [
                AccountMeta(self._key.pubkey(), True, True),
                AccountMeta(token_account, False, True),
                AccountMeta(Pubkey.from_bytes(owner), False, False),
                AccountMeta(Pubkey.from_bytes(mint), False, False),
                AccountMeta(Pubkey.from_bytes(programs.SYSTEM), False, False),
                AccountMeta(account.owner, False, False),
            ],
        )
        give = Instruction(
            account.owner,
            bytes([MINT_TO]) + amount.to_bytes(8, "little"),
            [
                AccountMeta(Pubkey.from_bytes(mint), False, True),
                AccountMeta(token_account, False, True),
                AccountMeta(self._key.pubkey(), True, False),
            ],
        )
        self._run([create, give])
        return Minted(format_address(mint), str(token_account))

    def _run(self, instructions: list[Instruction], *others: Keypair) -> None:
        with self._chain.lock:
            if not self._chain.svm.get_balance(self._key.pubkey()):
                self.airdrop(bytes(self._key.pubkey()), _PURSE)
            message = Message.new_with_blockhash(
                instructions, self._key.pubkey(), self._chain.svm.latest_blockhash()
            )
            try:
                landed = self._chain.execute(VersionedTransaction(message, [self._key, *others]))
            except Rejected as error:
                raise InputRefused("mint", f"the engine refuses: {error}") from None
        if landed.error is not None:
            raise InputRefused("mint", f"the token program refuses: {landed.error}")
