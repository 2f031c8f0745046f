"""The demo's hand on two local chains of accounts (py-evm, LiteSVM): on loopback, with coins that are worth nothing."""

from __future__ import annotations

import httpx

from warifu.chains.ethereum.address import format_address

ETHEREUM = "eip155:31337"
SOLANA = "solana"
TOKEN_SYMBOL, TOKEN_DECIMALS = "DEMO", 6  # a token of a chain, no secret


class _Control:
    """The control API of an embedded chain that runs in a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _ask(self, method: str, *params: object) -> object:
        """What the chain itself says, past the service."""
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer: dict[str, object] = self._http.post("/", json=question).raise_for_status().json()
        return answer["result"]

    def _do(self, what: str, **body: object) -> dict[str, object]:
        response = self._http.post(f"/control/{what}", json=body)
        answer: dict[str, object] = response.raise_for_status().json()
        return answer


class EmbeddedEthereum(_Control):
    """Blocks come when they are mined."""

    def mine(self) -> None:
        """One block."""
        self._do("mine", blocks=1)

    def fund(self, address: str, wei: int) -> None:
        """Pay ``wei`` to ``address``, in a block."""
        self._do("fund", address=address, amount=str(wei))

    def balance(self, address: str, token: str = "") -> int:
        """What the engine has for ``address``: wei, or the token's smallest unit."""
        if not token:
            return int(str(self._ask("eth_getBalance", address, "latest")), 16)
        call = {"to": token, "data": f"0x70a08231{address[2:].lower():0>64}"}
        return int(str(self._ask("eth_call", call, "latest")), 16)

    def deploy_token(self) -> str:
        """An ERC-20 that nobody here wrote (snekmate's, compiled by vyper); its address."""
        told = self._do("deploy-token", name="Demo Dollar", symbol=TOKEN_SYMBOL, decimals=TOKEN_DECIMALS)
        return format_address(bytes.fromhex(str(told["token"]).removeprefix("0x")))

    def mint(self, token: str, address: str, amount: int) -> None:
        """Give ``amount`` (smallest unit) of ``token`` to ``address``, in a block."""
        self._do("mint", token=token, address=address, amount=str(amount))
        self.mine()


class EmbeddedSolana(_Control):
    """Slots pass by themselves."""

    def airdrop(self, address: str, lamports: int) -> None:
        """Give ``lamports`` to ``address``."""
        self._do("airdrop", address=address, lamports=lamports)

    def balance(self, address: str) -> int:
        """What the engine has for ``address``, in lamports."""
        told = self._ask("getBalance", address)
        assert isinstance(told, dict), "a value with its context"
        return int(told["value"])
