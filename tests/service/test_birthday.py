"""From which height a wallet is looked for: blocks from before it existed need not be read."""

import pytest
import sqlalchemy as sa
from tests.support.service_world import World, embedded_chain

from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.chains.bitcoin_network.wallet import ChainTip
from warifu.errors import ChainUnavailable
from warifu.service.store.database import open_database
from warifu.service.store.schema import birthdays
from warifu.service.store.wallets import birthday_of
from warifu.service.workflows.keygen import BIRTHDAY_MARGIN

pytestmark = pytest.mark.real


class Silent(Esplora):
    """Gives no height."""

    def tip(self) -> ChainTip:
        raise ChainUnavailable("silent", "no answer")


@pytest.fixture
def world(tmp_path):
    with embedded_chain(tmp_path / "chain") as (chain, url):
        chain.mine(60)
        made = World(tmp_path, chain, url)
        made.found()
        yield made


async def test_a_wallet_is_looked_for_from_shortly_before_its_creation(world: World):
    async with world.running() as client:
        height = world.chain.height
        await world.ready(client, n=1, threshold=1)
        assert birthday_of(world.database, "savings") == height - BIRTHDAY_MARGIN > 0
        assert world.service.wallets.open("savings").birthday == height - BIRTHDAY_MARGIN
    async with world.running():
        assert world.service.wallets.open("savings").birthday == height - BIRTHDAY_MARGIN


async def test_a_wallet_of_an_older_database_is_looked_for_from_the_first_block(world: World):
    async with world.running() as client:
        await world.ready(client, n=1, threshold=1)
    database = open_database(world.data_dir, world.storage_key)
    with database.writing() as connection:
        connection.execute(sa.schema.DropTable(birthdays))
    database.close()
    async with world.running():
        assert world.service.wallets.open("savings").birthday == 0


async def test_a_silent_chain_hinders_no_wallet(world: World):
    world.make_backend = Silent
    async with world.running() as client:
        await world.add_device(client, "alone")
        assert (await world.create_wallet(client, threshold=1)).state == "finished"
        assert world.service.wallets.open("savings").birthday == 0
