"""Act five: the same wallet, passphrase and devices on two other chains, with two other signature schemes."""

from __future__ import annotations

from collections.abc import Callable

from warifu.cli.accounts import Watching, asset_named, payment_order
from warifu.cli.client import segment
from warifu.cli.context import now
from warifu.cli.following import follow_transfer, refusal_error
from warifu.cli.order import Order
from warifu.cli.text import tr
from warifu.cli.wallet_keys import account_of
from warifu.demo.account_chains import ETHEREUM, SOLANA, TOKEN_DECIMALS, TOKEN_SYMBOL
from warifu.demo.payments import hand_in
from warifu.demo.scene import DEVICES, WALLET, Scene, wait_until
from warifu.errors import WarifuError
from warifu.protocol.api import AccountDraft, AccountPayment, Accounts, NewAccountDraft
from warifu.protocol.chains import coin_decimals, coin_symbol
from warifu.units import format_quantity

ETHER, SOL, TOKEN = 10**18, 10**9, 10**TOKEN_DECIMALS
SIGNERS = (DEVICES[0], DEVICES[1])
ETHEREUM_PAYEE = "0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1"
SOLANA_PAYEE = "586Z7H2vpX9qNhN2T4e9Utugie3ogjbxzGaMtM3E6HR5"
"""Somebody else's: the key of RFC 8032, section 7.1, test 2."""


def pay_on_other_chains(scene: Scene) -> None:
    """Act five."""
    scene.telling.act(
        tr(
            "One wallet, three chains: '{a}' and '{b}' sign for Ethereum and Solana",
            a=SIGNERS[0],
            b=SIGNERS[1],
        )
    )
    _fund(scene)
    ethereum = scene.ethereum
    _transfer(scene, ETHEREUM, None, ETHER // 4, ETHEREUM_PAYEE, ethereum.mine)
    _transfer(scene, ETHEREUM, TOKEN_SYMBOL, 25 * TOKEN, ETHEREUM_PAYEE, ethereum.mine)
    _transfer(scene, SOLANA, None, SOL // 2, SOLANA_PAYEE, lambda: None)
    paid = (
        ethereum.balance(ETHEREUM_PAYEE),
        ethereum.balance(ETHEREUM_PAYEE, scene.token),
        scene.solana.balance(SOLANA_PAYEE),
    )
    scene.telling.check(
        "engines",
        paid == (ETHER // 4, 25 * TOKEN, SOL // 2),
        tr("asked directly, the engines say that exactly this arrived"),
    )


def _fund(scene: Scene) -> None:
    mine, theirs = account_of(scene.born, ETHEREUM), account_of(scene.born, SOLANA)
    scene.telling.say(tr("the same birth gives an Ethereum account: {address}", address=mine))
    scene.telling.say(tr("and a Solana account: {address}", address=theirs))
    scene.ethereum.fund(mine, 2 * ETHER)
    scene.ethereum.mint(scene.token, mine, 100 * TOKEN)
    scene.solana.airdrop(theirs, 3 * SOL)
    wanted = {(ETHEREUM, ""): 2 * ETHER, (SOLANA, ""): 3 * SOL}
    wait_until(lambda: wanted.items() <= holdings(scene).items(), "the arrival of the deposits", 30)
    scene.telling.check(
        "accounts",
        True,
        tr(
            "2 ETH, 100 {symbol} and 3 SOL arrived on chains executed by py-evm and LiteSVM",
            symbol=TOKEN_SYMBOL,
        ),
    )


def holdings(scene: Scene) -> dict[tuple[str, str], int]:
    """What the wallet has: by chain and token."""
    try:
        told = scene.client.get(f"/wallets/{segment(WALLET)}/accounts", Accounts)
    except WarifuError:
        return {}
    return {
        (account.chain, asset.token): int(asset.amount)
        for account in told.accounts
        for asset in account.assets
    }


def _transfer(
    scene: Scene, chain: str, token: str | None, amount: int, to: str, mine: Callable[[], None]
) -> None:
    telling = scene.telling
    asset = asset_named(scene.born, chain, token)
    shown = format_quantity(
        amount, asset.decimals if token else coin_decimals(chain), token or coin_symbol(chain)
    )
    payment = AccountPayment(to=to, amount=str(amount), token=asset.token)
    path = f"/wallets/{segment(WALLET)}/account-drafts"
    draft = scene.client.post(path, NewAccountDraft(chain=chain, payment=payment), AccountDraft)
    order = payment_order(scene.born, draft, to, amount, asset, Watching(None, SIGNERS, 1))
    telling.say(tr("{amount} to {address}", amount=shown, address=to))
    _carry_out(scene, order, shown, mine)


def _carry_out(scene: Scene, order: Order, shown: str, mine: Callable[[], None]) -> None:
    telling = scene.telling
    request = order.request(scene.born, now())
    identifier = hand_in(scene, request, order.unsigned, SIGNERS, scene.passphrase)

    def follow(confirmations: int, after: int) -> tuple[str, str, int]:
        state, seen = follow_transfer(
            scene.client,
            identifier,
            lambda event: telling.step(identifier, event),
            confirmations=confirmations,
            after=after,
        )
        refusal = refusal_error(state)
        if refusal is not None:
            raise refusal
        return state.state, state.txid, seen

    _, txid, seen = follow(0, 0)
    mine()
    state, _, _ = follow(1, seen)
    telling.check(
        f"{order.chain.partition(':')[0]}-transfer",
        state == "confirmed",
        tr("{amount} moved: {txid}", amount=shown, txid=txid),
    )
