"""Japanese, beside the English that the code speaks: a module for each subject."""

from __future__ import annotations

from warifu.cli.text_ja.afterwards import AFTERWARDS
from warifu.cli.text_ja.audits import AUDITS
from warifu.cli.text_ja.banks import BANKS
from warifu.cli.text_ja.chains import CHAINS
from warifu.cli.text_ja.everyday import EVERYDAY
from warifu.cli.text_ja.exchanges import EXCHANGES
from warifu.cli.text_ja.helping import HELPING
from warifu.cli.text_ja.machines import MACHINES
from warifu.cli.text_ja.owners import OWNERS
from warifu.cli.text_ja.setting_up import SETTING_UP
from warifu.cli.text_ja.visits import VISITS

JAPANESE: dict[str, str] = {
    **AFTERWARDS,
    **AUDITS,
    **BANKS,
    **CHAINS,
    **EVERYDAY,
    **EXCHANGES,
    **HELPING,
    **MACHINES,
    **OWNERS,
    **SETTING_UP,
    **VISITS,
}
