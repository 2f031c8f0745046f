"""The tables of a device's store. ``VERSION`` is in the database; an older one is brought up to it where ``SINCE`` says
how, and any other is refused, not guessed at."""

from __future__ import annotations

APPLICATION_ID = 0x57415249  # "WARI"
VERSION = 12

_EXCHANGE_BIRTHS = """
CREATE TABLE exchange_births (       -- keys that are generated for accounts, until these are finished
    wallet BLOB NOT NULL REFERENCES wallets (id),
    account TEXT NOT NULL,
    request BLOB NOT NULL UNIQUE,    -- digest
    entered BLOB NOT NULL,           -- who asked for what
    host BLOB,                       -- its host secret key, encrypted; NULL once it has its share
    recovery BLOB,                   -- for devices that missed the end; NULL before
    PRIMARY KEY (wallet, account)
) STRICT;
"""

_COUNTED_CALLS = """
CREATE TABLE counted_calls (         -- calls at exchanges that are in call_totals, whoever told of them
    request BLOB PRIMARY KEY,        -- digest
    wallet BLOB NOT NULL REFERENCES wallets (id),
    exchange TEXT NOT NULL,
    gives BLOB NOT NULL,             -- what it counts for, by symbol, in units of 10^-36
    expires INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL    -- 1: this device judged it for the others (strict wallets)
) STRICT;
CREATE INDEX counted_calls_by_time ON counted_calls (wallet, exchange, expires);
"""

_CARRIER_BANS = """  -- some stores of version 7 have it
CREATE TABLE IF NOT EXISTS carrier_bans (  -- devices that owners let carry nothing to an exchange, or let again
    wallet BLOB NOT NULL REFERENCES wallets (id),
    identity BLOB NOT NULL,
    banned INTEGER NOT NULL,
    created INTEGER NOT NULL,        -- of the newest request about it: no older one is heard
    PRIMARY KEY (wallet, identity)
) STRICT;
"""

_TRAVEL_RULES = """
CREATE TABLE travel_rules (          -- what owners state, for exchanges, about who is paid
    wallet BLOB NOT NULL REFERENCES wallets (id),
    account TEXT NOT NULL,
    created INTEGER NOT NULL,        -- of the newest request about it: no older one is heard
    request BLOB NOT NULL,           -- digest of that
    kept TEXT NOT NULL,              -- JSON in the exchange's form; empty: nothing is stated
    PRIMARY KEY (wallet, account)
) STRICT;
"""

_WORDS = "ALTER TABLE comparisons ADD COLUMN words TEXT NOT NULL DEFAULT '';"

_CREATED = "ALTER TABLE noted_calls ADD COLUMN created INTEGER NOT NULL DEFAULT 0;"

_EXCHANGE_SUCCESSORS = """
CREATE TABLE exchange_successors (   -- keys that wait to take the place of an account's, which is in force until then
    wallet BLOB NOT NULL REFERENCES wallets (id),
    account TEXT NOT NULL,
    request BLOB NOT NULL UNIQUE,    -- as in exchange_accounts
    generated BLOB NOT NULL UNIQUE,
    kept BLOB NOT NULL,
    secret BLOB NOT NULL,            -- encrypted, as there
    PRIMARY KEY (wallet, account)
) STRICT;
"""

SINCE = {
    6: _EXCHANGE_BIRTHS,
    7: _COUNTED_CALLS,
    8: _CARRIER_BANS,
    9: _TRAVEL_RULES,
    10: _WORDS,
    11: _CREATED,
    12: _EXCHANGE_SUCCESSORS,
}
"""Version -> what it has that the one before had not. Without a gap up to ``VERSION``."""

TABLES = f"""{_EXCHANGE_BIRTHS}{_COUNTED_CALLS}{_CARRIER_BANS}{_TRAVEL_RULES}{_EXCHANGE_SUCCESSORS}
CREATE TABLE device (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    wallet BLOB NOT NULL,            -- whose owners see it; empty: those of every wallet
    content BLOB NOT NULL,
    hash BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;
CREATE INDEX journal_by_kind ON journal (kind, time);

CREATE TABLE wallets (
    id BLOB PRIMARY KEY,
    request_id BLOB NOT NULL UNIQUE,
    request BLOB NOT NULL,
    lock BLOB NOT NULL,
    birth BLOB,                      -- NULL until the wallet is born
    reached INTEGER NOT NULL,        -- highest Bitcoin address index in what was signed
    wrong INTEGER NOT NULL,          -- passphrase tries since the last right one
    not_before INTEGER NOT NULL      -- moment of the next try
) STRICT;

CREATE TABLE keys (
    wallet BLOB NOT NULL REFERENCES wallets (id),
    scheme TEXT NOT NULL,
    host_key BLOB,                   -- NULL after a refresh: with public data it gives the share of birth
    share BLOB,                      -- NULL until the wallet is born
    PRIMARY KEY (wallet, scheme)
) STRICT;

CREATE TABLE epochs (                -- of wallets that were refreshed: the certificate of the shares in force
    wallet BLOB PRIMARY KEY REFERENCES wallets (id),
    certificate BLOB NOT NULL
) STRICT;

CREATE TABLE kept_shares (           -- new shares beside those in force, locked as they are: each one this device
    wallet BLOB NOT NULL REFERENCES wallets (id),  -- gave its word for, until one of a greater position is in force
    position BLOB NOT NULL,
    statement BLOB NOT NULL,
    scheme TEXT NOT NULL,
    share BLOB NOT NULL,
    PRIMARY KEY (wallet, position, scheme)
) STRICT;

CREATE TABLE accepted (              -- what the owner accepted a device as, after the wallet was made
    wallet BLOB NOT NULL REFERENCES wallets (id),
    identity BLOB NOT NULL,
    reference BLOB NOT NULL,
    PRIMARY KEY (wallet, identity)
) STRICT;

CREATE TABLE rules (                 -- of a wallet whose owner changed them; without a row, those it was made with
    wallet BLOB PRIMARY KEY REFERENCES wallets (id),
    hash BLOB NOT NULL,
    rules BLOB NOT NULL
) STRICT;

CREATE TABLE former_owners (
    wallet BLOB NOT NULL REFERENCES wallets (id),
    credential BLOB NOT NULL,        -- digest
    until INTEGER NOT NULL,          -- the moment at which it stopped being an owner's
    PRIMARY KEY (wallet, credential)
) STRICT;

CREATE TABLE pending (               -- what an owner asked for that allows more, until it takes effect or is vetoed
    request BLOB PRIMARY KEY,        -- digest
    wallet BLOB NOT NULL REFERENCES wallets (id),
    kind TEXT NOT NULL,              -- 'rules' or 'unfreeze': one of each at a time
    body BLOB NOT NULL,
    since INTEGER NOT NULL,
    effect INTEGER NOT NULL,
    UNIQUE (wallet, kind)
) STRICT;

CREATE TABLE wallet_freezes (
    wallet BLOB PRIMARY KEY REFERENCES wallets (id),
    reason TEXT NOT NULL
) STRICT;

CREATE TABLE settled (               -- what became of an owner's instructions, so that none is carried out twice
    wallet BLOB NOT NULL REFERENCES wallets (id),
    request BLOB NOT NULL,           -- digest
    outcome TEXT NOT NULL,           -- 'done' or 'vetoed'
    PRIMARY KEY (wallet, request)
) STRICT;

CREATE TABLE heard (                 -- vetoes and freezes of other devices of the wallet: each is heard once
    wallet BLOB NOT NULL REFERENCES wallets (id),
    maker BLOB NOT NULL,
    note BLOB NOT NULL,              -- what it tells (signer.notes.about)
    PRIMARY KEY (wallet, maker, note)
) STRICT;

CREATE TABLE notices (               -- of payments and destinations, as an owner announced them
    request BLOB PRIMARY KEY,        -- digest
    wallet BLOB NOT NULL REFERENCES wallets (id),
    chain TEXT NOT NULL,
    outflows BLOB,                   -- digest of exactly these; NULL: of no payment
    body BLOB NOT NULL,
    since INTEGER NOT NULL,
    payment BLOB                     -- digest of the first request of the chain of replacements that used it up
) STRICT;
CREATE INDEX notices_by_outflows ON notices (wallet, outflows);

CREATE TABLE announced (             -- the destinations among them
    wallet BLOB NOT NULL,
    chain TEXT NOT NULL,
    destination TEXT NOT NULL,
    notice BLOB NOT NULL REFERENCES notices (request),
    since INTEGER NOT NULL,
    PRIMARY KEY (wallet, chain, destination, notice)
) STRICT;

CREATE TABLE transfers (
    request BLOB PRIMARY KEY,        -- digest
    request_id BLOB NOT NULL,
    wallet BLOB NOT NULL REFERENCES wallets (id),
    chain TEXT NOT NULL,
    payment BLOB NOT NULL,           -- digest of the first of a chain of replacements
    how TEXT NOT NULL,               -- started, acknowledged, noted: by which this device knows of it
    counts INTEGER NOT NULL,         -- moment from which the windows count it
    signed BLOB NOT NULL,            -- what recognises a replacement; empty where the bytes were not seen
    result BLOB                      -- NULL until the signatures are there
) STRICT;
CREATE INDEX transfers_by_id ON transfers (request_id);
CREATE INDEX transfers_by_payment ON transfers (payment);
CREATE INDEX transfers_by_time ON transfers (wallet, chain, counts);

CREATE TABLE movements (             -- what a transfer takes of each asset; decimal, because wei do not fit 64 bits
    request BLOB NOT NULL REFERENCES transfers (request),
    token TEXT NOT NULL,
    leaves TEXT NOT NULL,
    PRIMARY KEY (request, token)
) STRICT;

CREATE TABLE totals (                -- what counted up to each moment at which something counted
    wallet BLOB NOT NULL REFERENCES wallets (id),
    chain TEXT NOT NULL,
    token TEXT NOT NULL,
    moment INTEGER NOT NULL,
    total TEXT NOT NULL,
    PRIMARY KEY (wallet, chain, token, moment)
) STRICT, WITHOUT ROWID;

CREATE TABLE correlations (          -- prepared ECDSA signatures; a row is deleted in the transaction that uses it
    wallet BLOB NOT NULL REFERENCES wallets (id),
    peer BLOB NOT NULL,              -- identity of the device that holds the other half
    id BLOB NOT NULL,
    stored BLOB NOT NULL,
    PRIMARY KEY (wallet, peer, id)
) STRICT;

CREATE TABLE exchange_accounts (     -- a wallet's accounts at exchanges
    wallet BLOB NOT NULL REFERENCES wallets (id),
    account TEXT NOT NULL,
    request BLOB NOT NULL UNIQUE,    -- digest of what it came by
    generated BLOB UNIQUE,           -- digest of what its key was born by, if it was
    kept BLOB NOT NULL,              -- what is no secret (signer.exchanges.accounts.Account)
    secret BLOB NOT NULL,            -- this device's part of the credential, encrypted
    PRIMARY KEY (wallet, account)
) STRICT;

CREATE TABLE kept_account_shares (   -- new shares of accounts' keys beside those in force, as kept_shares are
    wallet BLOB NOT NULL REFERENCES wallets (id),
    position BLOB NOT NULL,
    account TEXT NOT NULL,
    secret BLOB NOT NULL,            -- encrypted, as in exchange_accounts
    PRIMARY KEY (wallet, position, account)
) STRICT;

CREATE TABLE exchange_names (        -- of accounts that are there, and that were: no older request is heard
    wallet BLOB NOT NULL REFERENCES wallets (id),
    account TEXT NOT NULL,
    created INTEGER NOT NULL,        -- of the newest request that was carried out
    PRIMARY KEY (wallet, account)
) STRICT;

CREATE TABLE calls (                 -- at exchanges, that this device signed or carried
    request BLOB PRIMARY KEY,        -- digest
    request_id BLOB NOT NULL UNIQUE,
    wallet BLOB NOT NULL REFERENCES wallets (id),
    reader BLOB NOT NULL,            -- whom the answer is for
    carries INTEGER NOT NULL,        -- 1: this device; 0: it gave another one its signature share
    expires INTEGER NOT NULL,
    result BLOB                      -- of what it carries: NULL until it is known
) STRICT;

CREATE TABLE noted_calls (           -- that other devices told of
    request BLOB PRIMARY KEY,        -- digest
    wallet BLOB NOT NULL REFERENCES wallets (id),
    account TEXT NOT NULL,
    call BLOB NOT NULL,
    expires INTEGER NOT NULL,
    counted INTEGER NOT NULL,        -- 1: in the totals; 0: not read yet
    created INTEGER NOT NULL DEFAULT 0  -- as the request says
) STRICT;

CREATE TABLE call_totals (           -- as totals, of what calls gave away at exchanges, in units of 10^-36
    wallet BLOB NOT NULL REFERENCES wallets (id),
    exchange TEXT NOT NULL,
    symbol TEXT NOT NULL,
    moment INTEGER NOT NULL,
    total TEXT NOT NULL,
    PRIMARY KEY (wallet, exchange, symbol, moment)
) STRICT, WITHOUT ROWID;

CREATE TABLE comparisons (           -- calls whose signature leaves it to the carrier what they ask for
    request BLOB PRIMARY KEY,        -- digest
    wallet BLOB NOT NULL REFERENCES wallets (id),
    account TEXT NOT NULL,
    call BLOB NOT NULL,
    stamp INTEGER NOT NULL,          -- milliseconds on the exchange's clock, both
    dead_after INTEGER NOT NULL,
    owed INTEGER NOT NULL,           -- 1: this device has to see what another one made of it; 3: it was something else
    carrier BLOB NOT NULL,           -- the identity of whoever carried it
    words TEXT NOT NULL DEFAULT ''   -- in what it was something else, for the owner; a line for each
) STRICT;
CREATE INDEX comparisons_by_account ON comparisons (wallet, account);

CREATE TABLE visits (                -- of the wallet's funds to exchanges
    visit BLOB PRIMARY KEY,          -- digest of the request
    wallet BLOB NOT NULL REFERENCES wallets (id),
    since INTEGER NOT NULL,
    kept BLOB NOT NULL               -- signer.exchanges.visits.Visit
) STRICT;
CREATE INDEX visits_by_wallet ON visits (wallet, since);

CREATE TABLE assertions (            -- the newest that each WebAuthn credential gave
    credential BLOB PRIMARY KEY,     -- digest
    counter INTEGER NOT NULL,
    challenge BLOB NOT NULL          -- what it approved
) STRICT;

CREATE TABLE peers (                 -- what each other device showed when it was last met
    identity BLOB PRIMARY KEY,
    head BLOB NOT NULL,              -- of its journal, signed by it
    count INTEGER                    -- of its platform's counter; NULL: it has none
) STRICT;

CREATE TABLE notes (                 -- of this device and of others, in the order in which this one tells of them
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    wallet BLOB NOT NULL REFERENCES wallets (id),
    about BLOB NOT NULL,             -- what it tells: each thing once, whoever tells it
    until INTEGER NOT NULL,          -- moment after which nobody needs it any more
    private INTEGER NOT NULL,        -- 1: for the wallet's devices, and not for the service that carries notes
    note BLOB NOT NULL,
    UNIQUE (wallet, about)
) STRICT;

CREATE TABLE told (                  -- how far this device and another one are in each other's notes
    wallet BLOB NOT NULL REFERENCES wallets (id),
    peer BLOB NOT NULL,
    acknowledged INTEGER NOT NULL,   -- of this device's, by the peer
    log BLOB,                        -- of the peer's, by this device; NULL: nothing yet
    taken INTEGER NOT NULL,
    PRIMARY KEY (wallet, peer)
) STRICT;

CREATE TABLE bans (                  -- devices that are proven to have cheated
    peer BLOB PRIMARY KEY,
    time INTEGER NOT NULL,
    what TEXT NOT NULL
) STRICT;
"""

LATER_INDEXES = (
    # Without them each session read all notes of the last month: to find those of one wallet after a place (an index of
    # one column has the rows' numbers in order), and those that nobody needs any more.
    "CREATE INDEX IF NOT EXISTS notes_by_wallet ON notes (wallet)",
    "CREATE INDEX IF NOT EXISTS notes_by_end ON notes (until)",
)
"""Made at every start where they are missing: they change what is read how fast, and not what is stored."""
