"""The public key that is given to an exchange is one that this client saw the devices make."""

from __future__ import annotations

import pytest

from warifu.cli.exchanges.born import forget, remember, remembered
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

WALLET, OTHER = bytes([1]) * 32, bytes([2]) * 32


def test_a_key_is_of_one_account_of_one_wallet_and_the_newest_counts(tmp_path):
    remember(tmp_path, WALLET, "main", bytes([3]) * 32)
    remember(tmp_path, WALLET, "other", bytes([4]) * 32)
    remember(tmp_path, WALLET, "main", bytes([5]) * 32)
    assert remembered(tmp_path, WALLET, "main") == bytes([5]) * 32
    with pytest.raises(InputRefused, match="did not see"):
        remembered(tmp_path, OTHER, "main")


def test_what_is_finished_is_forgotten_and_what_was_never_seen_is_nobodys_word(tmp_path):
    remember(tmp_path, WALLET, "main", bytes([3]) * 32)
    forget(tmp_path, WALLET, "main")
    for account in ("main", "never", "../main"):
        with pytest.raises(InputRefused, match="did not see"):
            remembered(tmp_path, WALLET, account)
