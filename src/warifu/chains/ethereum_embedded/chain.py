"""The embedded chain: py-evm's machine, the mempool before it, and the faucet that has all the money."""

from __future__ import annotations

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.exceptions import ValidationError

from warifu.chains.ethereum_embedded import erc20
from warifu.chains.ethereum_embedded.machine import CHAIN_ID, Call, Machine, Reverted
from warifu.chains.ethereum_embedded.mempool import Mempool, Refused
from warifu.errors import InputRefused, ServiceRefused

FAUCET_SUPPLY = 10**27
"""Wei: a thousand million ether."""
MAX_BLOCKS_AT_ONCE = 1000
_TIP = 10**9
_MAX_CALL_GAS = 5_000_000


class EmbeddedEthereum:
    """One chain, in memory. Blocks are made when ``mine`` is asked for, and at no other time."""

    def __init__(self) -> None:
        self._faucet: LocalAccount = Account.create()
        self.machine = Machine(self.faucet, FAUCET_SUPPLY)
        self.mempool = Mempool(self.machine)

    @property
    def faucet(self) -> bytes:
        """The address (20 bytes) that has all the money at first. Its key is made anew for each chain."""
        return bytes.fromhex(self._faucet.address[2:])

    def mine(self, count: int = 1) -> list[bytes]:
        """Make blocks of what waits; their hashes. ``InputRefused`` (``blocks``)."""
        if not 1 <= count <= MAX_BLOCKS_AT_ONCE:
            raise InputRefused("blocks", f"from 1 to {MAX_BLOCKS_AT_ONCE} blocks at once")
        hashes = []
        for _ in range(count):
            base_fee = self.machine.next_base_fee()
            hashes.append(self.machine.build(self.mempool.best(base_fee)).hash)
            self.mempool.revise([])
        return [bytes(block_hash) for block_hash in hashes]

    def reorganise(self, depth: int) -> list[bytes]:
        """Replace the last ``depth`` blocks by one more, all empty; the hashes of the new ones.

        What the old blocks held waits again, as far as it is still valid. ``InputRefused`` (``depth``).
        """
        left, came = self.machine.fork(depth)
        self.mempool.revise([item.encode() for block in left for item in block.transactions])
        return [bytes(block.hash) for block in came]

    def fund(self, to: bytes, wei: int) -> bytes:
        """The faucet pays ``wei`` to ``to``, in a block of its own; the transaction's hash."""
        return self._execute(to, wei, b"")

    def deploy_token(self, name: str, symbol: str, decimals: int) -> bytes:
        """Deploy snekmate's ERC-20; the contract's address (20 bytes). The faucet is its owner and may mint."""
        found = self.machine.find(self._execute(b"", 0, erc20.creation(name, symbol, decimals)))
        assert found is not None, "it is in the block that was made for it"
        return erc20.contract_address(self.faucet, found.transaction.nonce)

    def mint(self, token: bytes, to: bytes, amount: int) -> bytes:
        """New tokens for ``to``; the transaction's hash."""
        return self._execute(token, 0, erc20.mint(to, amount))

    def transfer(self, token: bytes, to: bytes, amount: int) -> bytes:
        """The faucet's tokens to ``to``; the transaction's hash."""
        return self._execute(token, 0, erc20.transfer(to, amount))

    def _execute(self, to: bytes, value: int, data: bytes) -> bytes:
        """A transaction of the faucet, in the next block; its hash. ``InputRefused``, ``ServiceRefused``."""
        try:
            gas = self.machine.estimate(Call(self.faucet, to, value, data, _MAX_CALL_GAS)) * 5 // 4
        except (Reverted, ValidationError) as error:
            raise InputRefused("embedded-chain", f"the faucet cannot do that: {error}") from None
        base_fee = self.machine.next_base_fee()
        signed = self._faucet.sign_transaction(
            {
                "type": 2,
                "chainId": CHAIN_ID,
                "nonce": self.mempool.next_nonce(self.faucet),
                "to": to,
                "value": value,
                "data": data,
                "gas": gas,
                "maxPriorityFeePerGas": _TIP,
                "maxFeePerGas": _TIP + 2 * base_fee,
            }
        )
        try:
            transaction_hash = self.mempool.add(bytes(signed.raw_transaction))
        except Refused as error:
            raise InputRefused("embedded-chain", f"the faucet cannot do that: {error}") from None
        self.mine()
        found = self.machine.find(transaction_hash)
        if found is None or found.receipt.state_root != b"\x01":
            raise ServiceRefused("embedded-chain", "the faucet's transaction failed")
        return transaction_hash
