"""The first block of each network: what tells networks apart whose addresses look alike."""

from __future__ import annotations

from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.transaction import parse_hash

GENESIS = {
    Network.BITCOIN: parse_hash("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
    Network.SIGNET: parse_hash("00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
    Network.REGTEST: parse_hash("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
    Network.TESTNET: parse_hash("000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
}
"""Hash of block 0: what a network is known by. Testnet is testnet 3."""
