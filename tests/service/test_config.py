"""What the service is started with: its file, its backends, its certificate, its port."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from nacl.utils import random

from warifu.agent.pinning import certificate_fingerprint
from warifu.chains.accounts import Token
from warifu.errors import ChainUnavailable, InputRefused, StoreDamaged
from warifu.service.account_chains import evm_network, make_account_chains
from warifu.service.chain import LightNodes, make_backend
from warifu.service.config import BackendConfig, ServiceConfig, read_config, with_simulations
from warifu.service.quicknode import quicknode_access
from warifu.service.setup import found_service
from warifu.service.store.api_keys import find_api_key
from warifu.service.store.database import create_database, open_database
from warifu.service.store.tokens import StoredTokens
from warifu.service.tls import server_context, tls_identity

pytestmark = pytest.mark.unit

WHOLE = """
network = "signet"
data_dir = "data"
host = "::1"
port = 8080
settle_depth = 3

[[backends]]
kind = "esplora"
url = "http://127.0.0.1:3002"

[[backends]]
kind = "compact-filters"
url = "any"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "service.toml"
    path.write_text(text)
    return path


def test_a_whole_file(tmp_path: Path):
    config = read_config(written(tmp_path, WHOLE))
    assert config.data_dir == str(tmp_path / "data")
    assert (config.network, config.host, config.port, config.settle_depth) == ("signet", "::1", 8080, 3)
    assert [backend.kind for backend in config.backends] == ["esplora", "compact-filters"]


def test_it_listens_on_loopback_unless_told_otherwise(tmp_path: Path):
    config = read_config(written(tmp_path, 'network = "regtest"\ndata_dir = "/somewhere"'))
    assert (config.host, config.data_dir, config.backends) == ("127.0.0.1", "/somewhere", ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "network =",
        'network = "regtest"',
        'network = "mainnet"\ndata_dir = "data"',
        'network = "regtest"\ndata_dir = "data"\nsurprise = 1',
        'network = "regtest"\ndata_dir = "data"\nport = 65536',
        'network = "regtest"\ndata_dir = "data"\nport = "8443"',
        'network = "regtest"\ndata_dir = "data"\nsettle_depth = 0',
        'network = "regtest"\ndata_dir = "data"\npoll_seconds = 0',
        'network = "regtest"\ndata_dir = "data"\npoll_seconds = nan',
        'network = "regtest"\ndata_dir = "data"\n[[backends]]\nkind = "oracle"\nurl = "x"',
        'network = "regtest"\ndata_dir = "data"\n[[backends]]\nkind = "esplora"',
        'network = "regtest"\ndata_dir = "data"\n' + '[[backends]]\nkind = "esplora"\nurl = "x"\n' * 9,
        "#" * 70_000,
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str):
    with pytest.raises(InputRefused) as refused:
        read_config(written(tmp_path, text))
    assert refused.value.reason == "config"


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(InputRefused):
        read_config(tmp_path / "service.toml")


def test_a_file_with_a_password_is_the_owner_s_alone(tmp_path: Path):
    text = 'network = "regtest"\ndata_dir = "data"\n[[backends]]\nkind = "core"\n'
    text += 'url = "http://user:hunter2@127.0.0.1:8332"\n'
    path = written(tmp_path, text)
    for mode in (0o644, 0o640, 0o660):
        path.chmod(mode)
        with pytest.raises(InputRefused) as refused:
            read_config(path)
        assert "chmod 600" in refused.value.message
        assert "hunter2" not in repr(refused.value) + str(refused.value)
    path.chmod(0o600)
    assert len(read_config(path).backends) == 1


# --- chains ------------------------------------------------------------------------------------------------------

BASE = 'network = "regtest"\ndata_dir = "data"\n'
SEVERAL = (
    BASE
    + """
[[backends]]
kind = "esplora"
url = "http://127.0.0.1:3002"

[[backends]]
chain = "base"
kind = "quicknode"
url = "http://127.0.0.1:9/abcdef0123456789/"

[[backends]]
chain = "eip155:8453"
kind = "rpc"
url = "http://127.0.0.1:8545"
token = "hunter2hunter2"

[[backends]]
chain = "solana"
kind = "rpc"
url = "http://me:hunter2@127.0.0.1:8899"

[[backends]]
chain = "eip155:31338"
kind = "rpc"
url = "http://127.0.0.1:8546"

[[chains]]
chain = "eip155:31338"
name = "devnet"
symbol = "DEV"
confirmations = 2
data_fee = "op-stack"

[[chains]]
chain = "solana"
cluster = "local"
"""
)


def secret_file(tmp_path: Path, text: str) -> Path:
    path = written(tmp_path, text)
    path.chmod(0o600)
    return path


def test_every_chain_has_its_backends(tmp_path: Path):
    config = read_config(secret_file(tmp_path, SEVERAL))
    assert config.configured == ("bitcoin", "eip155:8453", "solana", "eip155:31338")
    assert [item.kind for item in config.of_chain("eip155:8453")] == ["quicknode", "rpc"]
    assert make_backend(config) is not None
    database = create_database(tmp_path / "data", random(32))
    chains = {item.chain: item for item in make_account_chains(config, database)}
    assert list(chains) == ["eip155:8453", "solana", "eip155:31338"]
    assert chains["eip155:31338"].confirmations == 2
    network = evm_network(config.particulars("eip155:31338"))
    assert (network.title, network.symbol, network.data_fee) == ("devnet", "DEV", "op-stack")
    assert evm_network(config.particulars("eip155:8453")).title == "Base"
    for item in chains.values():
        item.close()
    database.close()


@pytest.mark.parametrize(
    "text",
    [
        '[[backends]]\nchain = "dogecoin"\nkind = "rpc"\nurl = "http://127.0.0.1"',
        '[[backends]]\nchain = "ethereum"\nkind = "esplora"\nurl = "http://127.0.0.1"',
        '[[backends]]\nkind = "rpc"\nurl = "http://127.0.0.1"',
        '[[backends]]\nkind = "esplora"\nurl = "http://127.0.0.1"\ntoken = "abcdefgh"',
        '[[backends]]\nchain = "base"\nkind = "rpc"\nurl = "http://127.0.0.1"\ntoken = "a b"',
        '[[backends]]\nchain = "base"\nkind = "rpc"\nurl = "http://127.0.0.1"\njwt_key = "k"\njwt_kid = "k"',
        '[[backends]]\nchain = "base"\nkind = "quicknode"\nurl = "https://a.b"\njwt_key = "k"',
        '[[backends]]\nchain = "base"\nkind = "rpc"\nurl = "http://127.0.0.1"\ncookie = "c"',
        '[[backends]]\nchain = "base"\nkind = "rpc"\nurl = "http://127.0.0.1"\n' * 9,
        '[[chains]]\nchain = "bitcoin"\nconfirmations = 3',
        '[[chains]]\nchain = "solana"\nsymbol = "XOL"',
        '[[chains]]\nchain = "solana"\nconfirmations = 3',
        '[[chains]]\nchain = "base"\ncluster = "devnet"',
        '[[chains]]\nchain = "base"\nconfirmations = 0',
        '[[chains]]\nchain = "base"\nquorum = 1',
        '[[chains]]\nchain = "base"\n[[chains]]\nchain = "eip155:8453"',
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, text: str):
    with pytest.raises(InputRefused) as refused:
        read_config(secret_file(tmp_path, f"{BASE}\n{text}"))
    assert refused.value.reason == "config"


@pytest.mark.parametrize(
    "backend",
    [
        'chain = "base"\nkind = "quicknode"\nurl = "https://a.quiknode.pro/hunter2hunter2/"',
        'chain = "base"\nkind = "rpc"\nurl = "https://a.example"\ntoken = "hunter2hunter2"',
        'chain = "base"\nkind = "rpc"\nurl = "https://a.example/v3/hunter2hunter2"',
        'chain = "base"\nkind = "rpc"\nurl = "https://a.example/?key=hunter2hunter2"',
        'chain = "base"\nkind = "rpc"\nurl = "https://me:hunter2hunter2@a.example"',
        'kind = "quicknode"\nurl = "https://a.quiknode.pro/hunter2hunter2/"',
    ],
)
def test_a_file_with_a_token_is_the_owner_s_alone(tmp_path: Path, backend: str):
    path = written(tmp_path, f"{BASE}\n[[backends]]\n{backend}\n")
    path.chmod(0o644)
    with pytest.raises(InputRefused) as refused:
        read_config(path)
    assert "chmod 600" in refused.value.message
    assert "hunter2" not in repr(refused.value) + str(refused.value)
    path.chmod(0o600)
    found = read_config(path)
    assert "hunter2" not in repr(found)


def test_an_endpoint_on_this_machine_without_secrets_may_be_read_by_others(tmp_path: Path):
    path = written(
        tmp_path, BASE + '[[backends]]\nchain = "base"\nkind = "rpc"\nurl = "http://127.0.0.1:8545"\n'
    )
    path.chmod(0o644)
    assert read_config(path).configured == ("eip155:8453",)


def test_no_token_is_in_what_a_backend_shows_or_says(tmp_path: Path):
    config = read_config(secret_file(tmp_path, SEVERAL))
    database = create_database(tmp_path / "data", random(32))
    for item in make_account_chains(config, database):
        with pytest.raises(ChainUnavailable) as refused:
            item.height()
        said = repr(item) + repr(refused.value) + str(refused.value) + str(refused.value.blame)
        assert "hunter2" not in said and "abcdef0123456789" not in said
        item.close()
    database.close()


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_key_for_tokens_is_the_owner_s_alone(tmp_path: Path, mode: int):
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n")
    item = BackendConfig(
        "quicknode", "https://a.quiknode.pro/", chain="eip155:1", jwt_key=str(key), jwt_kid="mine"
    )
    key.chmod(mode)
    with pytest.raises(InputRefused) as refused:
        quicknode_access(item)
    assert "chmod 600" in refused.value.message
    key.chmod(0o600)
    with pytest.raises(InputRefused) as refused:
        quicknode_access(item)
    assert "hunter2" not in repr(refused.value) + str(refused.value)


def test_a_token_once_met_keeps_its_decimals_over_a_restart(tmp_path: Path):
    key = random(32)
    database = create_database(tmp_path / "data", key)
    contract = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    for _ in range(2):
        StoredTokens(database).remember("eip155:1", Token(contract, "USD", 6))
    database.close()
    database = open_database(tmp_path / "data", key)
    again = StoredTokens(database)
    assert again.of("eip155:1") == (Token(contract, "USD", 6),)
    with pytest.raises(InputRefused) as refused:
        again.remember("eip155:1", Token(contract, "USD", 18))
    assert refused.value.reason == "token-changed"
    database.close()


def config(tmp_path: Path, *backends: BackendConfig, **fields: object) -> ServiceConfig:
    values: dict[str, object] = {
        "data_dir": str(tmp_path / "data"),
        "network": "regtest",
        "port": 0,
        **fields,
    }
    return ServiceConfig(backends=backends, **values)  # type: ignore[arg-type]


def test_no_backend_is_none(tmp_path: Path):
    assert make_backend(config(tmp_path)) is None


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("esplora", "http://127.0.0.1:3002"),
        ("electrum", "tcp://127.0.0.1:50001"),
        ("core", "http://127.0.0.1:18443"),
        ("core", "http://user:very%20secret@127.0.0.1:18443"),
        ("compact-filters", "127.0.0.1:18444"),
        ("compact-filters", "[::1]:18444"),
        ("compact-filters", "any"),
        ("quicknode", "http://127.0.0.1:9/very-secret-token/"),
    ],
)
def test_every_kind_of_backend_is_made_without_asking_it(tmp_path: Path, kind: str, url: str):
    made = make_backend(config(tmp_path, BackendConfig(kind, url)))  # type: ignore[arg-type]
    assert made is not None
    assert "secret" not in made.name
    made.close()


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("electrum", "127.0.0.1:50001"),
        ("compact-filters", "127.0.0.1"),
        ("compact-filters", "node.example:8333"),
        ("compact-filters", "127.0.0.1:99999"),
        ("compact-filters", ":"),
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, kind: str, url: str):
    with pytest.raises(InputRefused):
        make_backend(config(tmp_path, BackendConfig(kind, url)))  # type: ignore[arg-type]


def test_a_configuration_keeps_its_addresses_out_of_its_repr(tmp_path: Path):
    made = config(tmp_path, BackendConfig("core", "http://user:secret@127.0.0.1:18443"))
    assert "secret" not in repr(made)


def test_light_nodes_know_nothing_before_they_asked():
    from warifu.chains.bitcoin.network import Network
    from warifu.chains.bitcoin_network.genesis import GENESIS
    from warifu.errors import ChainUnavailable

    nodes = LightNodes(Network.REGTEST, (), "compact-filters")
    assert nodes.block_hash(0) == GENESIS[Network.REGTEST]
    for ask in (nodes.tip, lambda: nodes.status(bytes(32)), lambda: nodes.block_hash(1), nodes.fee_rates):
        with pytest.raises(ChainUnavailable):
            ask()


# --- the first moments -------------------------------------------------------------------------------------------


def test_founding_makes_one_key_and_one_certificate(tmp_path: Path):
    key = random(32)
    founded = found_service(tmp_path / "data", key)
    database = open_database(tmp_path / "data", key)
    found = find_api_key(database, founded.api_key.key)
    assert found is not None and found.scopes == ("read", "draft", "transfer", "admin")
    assert tls_identity(database).fingerprint == founded.fingerprint
    database.close()
    with pytest.raises(StoreDamaged):
        found_service(tmp_path / "data", key)


def test_the_certificate_is_the_same_at_every_start_and_its_key_is_shown_nowhere(tmp_path: Path):
    database = create_database(tmp_path / "data", random(32))
    one, other = tls_identity(database), tls_identity(database)
    assert one == other
    assert b"PRIVATE" in one.private_key and "PRIVATE" not in repr(one)
    certificate = ssl.PEM_cert_to_DER_cert(one.certificate.decode())
    assert certificate_fingerprint(certificate) == one.fingerprint
    parsed = x509.load_pem_x509_certificate(one.certificate)
    assert (parsed.not_valid_after_utc - parsed.not_valid_before_utc).days > 3650
    assert server_context(one).minimum_version is ssl.TLSVersion.TLSv1_3
    database.close()


# --- where devices' tunnels may lead -----------------------------------------------------------------------------

BASE = 'network = "regtest"\ndata_dir = "data"\n'


def test_devices_reach_the_known_exchanges_unless_the_file_says_otherwise(tmp_path: Path):
    reach = read_config(written(tmp_path, BASE)).reach
    apis = {"api.coinbase.com", "api.exchange.coinbase.com", "api.binance.com"}
    feeds = {
        "advanced-trade-ws.coinbase.com",
        "advanced-trade-ws-user.coinbase.com",
        "ws-feed.exchange.coinbase.com",
        "stream.binance.com",
        "ws-api.binance.com",
    }
    sandbox = {"api-public.sandbox.exchange.coinbase.com", "ws-feed-public.sandbox.exchange.coinbase.com"}
    assert apis | feeds | sandbox == set(reach.hosts)
    assert not reach.simulated and not reach.allows("example.com")
    few = read_config(written(tmp_path, f'{BASE}exchange_hosts = ["api.binance.com"]')).reach
    assert few.allows("api.binance.com") and not few.allows("api.coinbase.com")
    assert not read_config(written(tmp_path, f"{BASE}exchange_hosts = []")).reach.allows("api.binance.com")


async def test_a_simulation_is_dialled_in_the_place_of_its_host(tmp_path: Path):
    text = f'{BASE}exchange_hosts = []\n[simulated_exchanges]\n"api.coinbase.com" = "127.0.0.1:9443"'
    config = with_simulations(read_config(written(tmp_path, text)), {"api.binance.com": "[::1]:9444"})
    assert await config.reach.addresses("api.coinbase.com") == (("127.0.0.1", 9443),)
    assert await config.reach.addresses("api.binance.com") == (("::1", 9444),)
    assert not config.reach.allows("api.exchange.coinbase.com")


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "localhost:1", ":1"]
)
def test_a_simulation_is_an_address_and_a_port(tmp_path: Path, address: str):
    with pytest.raises(InputRefused):
        read_config(written(tmp_path, f'{BASE}[simulated_exchanges]\n"api.coinbase.com" = "{address}"'))
    with pytest.raises(InputRefused):
        with_simulations(read_config(written(tmp_path, BASE)), {"api.coinbase.com": address})


@pytest.mark.parametrize("host", ["", "API.COINBASE.COM", "api coinbase", "-", "https://api.coinbase.com"])
def test_a_simulated_host_is_a_host_name(tmp_path: Path, host: str):
    with pytest.raises(InputRefused):
        with_simulations(read_config(written(tmp_path, BASE)), {host: "127.0.0.1:9443"})
    with pytest.raises(InputRefused):
        read_config(written(tmp_path, f'{BASE}exchange_hosts = ["{host}"]'))
