"""Profiles, travel rules, a user's limits."""

from __future__ import annotations

from decimal import Decimal

from warifu.exchanges.calls import Answer, Ask, Effect, Endpoint, Ignored
from warifu.exchanges.coinbase.exchange.base import Paged, older
from warifu.exchanges.fields import Address, Count, Currency, Identifier, Words

# Profiles


class Profile(Answer, frozen=True, kw_only=True):
    id: str
    user_id: str
    name: str
    active: bool
    is_default: bool
    created_at: str


class Profiles(Ask, frozen=True, kw_only=True):
    active: bool | None = None


class OfProfile(Ask, frozen=True, kw_only=True):
    profile_id: Identifier


class NewProfile(Ask, frozen=True, kw_only=True):
    name: Words


class RenameProfile(Ask, frozen=True, kw_only=True):
    profile_id: Identifier
    name: Words


class DeactivateProfile(Ask, frozen=True, kw_only=True):
    profile_id: Identifier
    to: Identifier
    """The profile that gets what is left in it."""


class BetweenProfiles(Ask, frozen=True, kw_only=True, rename={"origin": "from"}):
    origin: Identifier
    to: Identifier
    currency: Currency
    amount: Decimal


PROFILES = Endpoint("GET", "/profiles", Profiles, tuple[Profile, ...])
PROFILE = Endpoint("GET", "/profiles/{profile_id}", OfProfile, Profile)
NEW_PROFILE = Endpoint("POST", "/profiles", NewProfile, Profile, Effect.MANAGES)
RENAME_PROFILE = Endpoint("PUT", "/profiles/{profile_id}", RenameProfile, Profile, Effect.MANAGES)
DEACTIVATE_PROFILE = Endpoint(
    "PUT", "/profiles/{profile_id}/deactivate", DeactivateProfile, Ignored, Effect.PAYS_OUT
)
TRANSFER_BETWEEN_PROFILES = Endpoint("POST", "/profiles/transfer", BetweenProfiles, Ignored, Effect.PAYS_OUT)


# Travel rules, users


class TravelRule(Answer, frozen=True, kw_only=True):
    id: str
    address: str
    originator_name: str
    originator_country: str
    created_at: str | None = None


class TravelRules(Paged, frozen=True, kw_only=True):
    address: Address | None = None


class NewTravelRule(Ask, frozen=True, kw_only=True):
    address: Address
    originator_name: Words
    originator_country: Words


class OfTravelRule(Ask, frozen=True, kw_only=True):
    id: Identifier


class LimitOfAsset(Answer, frozen=True, kw_only=True):
    max: Decimal
    remaining: Decimal
    period_in_days: Count


class ExchangeLimits(Answer, frozen=True, kw_only=True):
    limit_currency: str
    transfer_limits: dict[str, dict[str, LimitOfAsset]]


class OfUser(Ask, frozen=True, kw_only=True):
    user_id: Identifier


TRAVEL_RULES = Endpoint("GET", "/travel-rules", TravelRules, tuple[TravelRule, ...], following=older)
NEW_TRAVEL_RULE = Endpoint("POST", "/travel-rules", NewTravelRule, TravelRule, Effect.MANAGES)
DELETE_TRAVEL_RULE = Endpoint("DELETE", "/travel-rules/{id}", OfTravelRule, Ignored, Effect.MANAGES)
EXCHANGE_LIMITS = Endpoint("GET", "/users/{user_id}/exchange-limits", OfUser, ExchangeLimits)
