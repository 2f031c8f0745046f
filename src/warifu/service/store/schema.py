"""The tables. Bytes are kept as they came (canonical encodings), so that nothing is ever re-encoded and re-hashed."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 1

metadata = sa.MetaData()

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("created", sa.Integer, nullable=False),
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("identity", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("enrolled", sa.Integer, nullable=False),
    sa.Column("last_seen", sa.Integer),
)

wallets = sa.Table(
    "wallets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("authorization", sa.LargeBinary, nullable=False),
    sa.Column("births", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Integer, nullable=False),
)

birthdays = sa.Table(
    "birthdays",
    metadata,
    sa.Column("wallet", sa.Text, primary_key=True),
    sa.Column("height", sa.Integer, nullable=False),
)

change_sets = sa.Table(
    "change_sets",
    metadata,
    sa.Column("wallet", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

labels = sa.Table(
    "labels",
    metadata,
    sa.Column("wallet", sa.Text, primary_key=True),
    sa.Column("type", sa.Text, primary_key=True),
    sa.Column("ref", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
)

drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("wallet", sa.Text, primary_key=True),
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("unsigned", sa.LargeBinary, nullable=False),
    sa.Column("slot", sa.Integer),
    sa.Column("expires", sa.Integer, nullable=False),
)

backends = sa.Table(
    "backends",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("symbol", sa.Text, nullable=False),
    sa.Column("decimals", sa.Integer, nullable=False),
)

ceremonies = sa.Table(
    "ceremonies",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("wallet", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("refusal", sa.LargeBinary),
    sa.Column("births", sa.LargeBinary),
    sa.Column("created", sa.Integer, nullable=False),
)

unfinished = sa.Table(
    "unfinished",
    metadata,
    sa.Column("ceremony", sa.Text, primary_key=True),
    sa.Column("id", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("authorization", sa.LargeBinary, nullable=False),
    sa.Column("birthday", sa.Integer, nullable=False),
)

refreshes = sa.Table(
    "refreshes",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("wallet", sa.Text, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("authorization", sa.LargeBinary, nullable=False),
    sa.Column("envelopes", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("refusal", sa.LargeBinary),
    sa.Column("certificate", sa.LargeBinary),
    sa.Column("created", sa.Integer, nullable=False),
)

epochs = sa.Table(
    "epochs",
    metadata,
    sa.Column("wallet", sa.Text, primary_key=True),
    sa.Column("certificate", sa.LargeBinary, nullable=False),
)

transfers = sa.Table(
    "transfers",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("wallet", sa.Text, nullable=False, index=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("txid", sa.Text, nullable=False, index=True),
    sa.Column("unsigned", sa.LargeBinary, nullable=False),
    sa.Column("sends", sa.Boolean, nullable=False),
    sa.Column("slot", sa.Integer),
    sa.Column("expires", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("authorization", sa.LargeBinary, nullable=False),
    sa.Column("envelopes", sa.LargeBinary, nullable=False),
    sa.Column("participants", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("settled", sa.Boolean, nullable=False),
    sa.Column("raw", sa.LargeBinary),
    sa.Column("finalized", sa.LargeBinary),
    sa.Column("refusal", sa.LargeBinary),
    sa.Column("height", sa.Integer),
    sa.Column("confirmations", sa.Integer, nullable=False),
    sa.Column("fee", sa.Text),
    sa.Column("replaces", sa.Text),
    sa.Column("replaced_by", sa.Text),
    sa.Column("journal", sa.LargeBinary),
    sa.Column("created", sa.Integer, nullable=False),
)

instructions = sa.Table(
    "instructions",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("wallet", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("authorization", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.Boolean, nullable=False),
    sa.Column("created", sa.Integer, nullable=False),
    sa.Column("expires", sa.Integer, nullable=False),
)

instructions_told = sa.Table(
    "instructions_told",
    metadata,
    sa.Column("instruction", sa.Text, primary_key=True),
    sa.Column("identity", sa.LargeBinary, primary_key=True),
    sa.Column("answer", sa.LargeBinary, nullable=False),
)

exchange_calls = sa.Table(
    "exchange_calls",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("wallet", sa.Text, nullable=False, index=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False, index=True),
    sa.Column("carrier", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("authorization", sa.LargeBinary, nullable=False),
    sa.Column("parcels", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("outcome", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("retry_after", sa.Integer, nullable=False),
    sa.Column("answer", sa.LargeBinary),
    sa.Column("refusal", sa.LargeBinary),
    sa.Column("created", sa.Integer, nullable=False),
    sa.Column("ended", sa.Integer),
)

exchange_births = sa.Table(
    "exchange_births",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("wallet", sa.Text, nullable=False, index=True),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("authorization", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("births", sa.LargeBinary, nullable=False),
    sa.Column("refusal", sa.LargeBinary),
    sa.Column("created", sa.Integer, nullable=False),
)

exchange_pieces = sa.Table(
    "exchange_pieces",
    metadata,
    sa.Column("call", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("piece", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Integer, nullable=False, index=True),
)

exchange_comparisons = sa.Table(
    "exchange_comparisons",
    metadata,
    sa.Column("request", sa.LargeBinary, primary_key=True),
    sa.Column("identity", sa.LargeBinary, primary_key=True),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),
)

visits = sa.Table(
    "visits",
    metadata,
    sa.Column("request", sa.LargeBinary, primary_key=True),
    sa.Column("visit", sa.LargeBinary, nullable=False),
    sa.Column("wallet", sa.Text, nullable=False, index=True),
    sa.Column("authorization", sa.LargeBinary, nullable=False),
    sa.Column("expires", sa.Integer, nullable=False),
)

asked = sa.Table(
    "asked",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("wallet", sa.Text, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("created", sa.Integer, nullable=False),
    sa.Column("expires", sa.Integer, nullable=False),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("credential", sa.LargeBinary, primary_key=True),
    sa.Column("approval", sa.LargeBinary, nullable=False),
    sa.Column("refuses", sa.Boolean, nullable=False),
    sa.Column("given", sa.Integer, nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("once", sa.Text),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("device", sa.Text),
    sa.UniqueConstraint("subject", "once"),
)
