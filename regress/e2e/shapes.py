"""The answers' shapes, transcribed from the list of frozen fields; nothing missing, nothing more.

A shape is a function of (value, where) that raises AssertionError, a dict of shapes (an object with exactly these
members; a name that ends in "?" may be absent), or a list of one shape.
"""

import re
import uuid

from client import parse


class Number:
    """A number with the spelling it was sent in."""

    def __init__(self, written):
        self.written = written
        self.value = float(written)

    def __repr__(self):
        return self.written


def expect(condition, value, where, wanted):
    assert condition, f"{where}: {value!r} is not {wanted}"


def matching(pattern, wanted):
    def shape(value, where):
        expect(isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL), value, where, wanted)

    return shape


def number(pattern, wanted):
    def shape(value, where):
        expect(isinstance(value, Number) and re.fullmatch(pattern, value.written), value, where, wanted)

    return shape


def nullable(shape):
    return lambda value, where: None if value is None else validate(value, shape, where)


def one_of(*choices):
    return lambda value, where: expect(value in choices, value, where, f"one of {choices}")


def constant(wanted):
    def shape(value, where):
        same = value.written == str(wanted) if isinstance(value, Number) else value == wanted
        expect(same, value, where, wanted)

    return shape


def boolean(value, where):
    expect(isinstance(value, bool), value, where, "a bool")


def null(value, where):
    expect(value is None, value, where, "null")


def json_object(value, where):
    expect(isinstance(value, dict), value, where, "an object")


def ident(value, where):
    expect(isinstance(value, str) and str(uuid.UUID(value)) == value, value, where, "a uuid")


text = matching(r".*", "a string")
time = matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "a time in UTC with Z")
date = matching(r"\d{4}-\d\d-\d\d", "a date")
url = matching(r"(https?://|/v1/).+", "absolute, or of /v1/")
slug = matching(r"[a-z0-9]+([-_][a-z0-9]+)*", "a slug")
county = matching(r"[A-Z]{1,2}", "a county")
postal_code = matching(r"[0-9]{6}", "six digits")
email = matching(r"[^@A-Z\s]+@[^@A-Z\s]+", "an address in lower case")
phone = matching(r"\+[1-9][0-9]{6,14}", "E.164")
integer = number(r"-?\d+", "an int")
real = number(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", "a number")
money = number(r"\d{1,10}\.\d\d", "money with two decimals")
km = number(r"\d+\.\d", "kilometres with one decimal")


def page(item):
    return {"items": [item], "page": integer, "limit": integer, "has_more": boolean}


def with_members(shape, **more):
    return {**shape, **more}


def without(shape, *names):
    return {name: member for name, member in shape.items() if name not in names}


VERIFICATION = one_of("none", "pending", "verified", "rejected")
TIER = one_of("basic", "verified", "pro", "master")
LANGUAGE = one_of("ro", "hu", "en")

ERROR = {
    "type": matching(r"/docs/errors#[a-z_]+", "a link to the page of errors"), "title": text, "status": integer,
    "error": slug, "message": text,
    "details": [{"field": text, "rule": slug, "message": text, "allowed?": [text]}],
    "path": text, "request_id": ident,
}

TOKENS = {
    "access_token": matching(r"[\w-]+\.[\w-]+\.[\w-]+", "a JWS"),
    "refresh_token": matching(r"[\w-]{43}", "256 bits in base64url"),
    "token_type": constant("Bearer"), "expires_in": constant(900), "refresh_expires_in": constant(2592000),
}

USER = {
    "id": ident, "email": email, "phone_number": phone, "user_type": one_of("client", "craftsman", "staff"),
    "created_at": time, "updated_at": time, "last_login_at": nullable(time), "is_active": boolean,
    "email_verified": boolean, "phone_verified": boolean, "identity_verification_status": VERIFICATION,
    "identity_verified_at": nullable(time), "pending_email": nullable(email), "pending_phone_number": nullable(phone),
}

CHANNELS = {"in_app?": boolean, "push?": boolean, "email?": boolean, "sms?": boolean}
NOTIFICATION_TYPES = (
    "new_message", "new_project_inquiry", "quote_received", "contract_ready", "payment_received", "review_posted",
    "milestone_completed", "project_update",
)
PREFERENCES = {**CHANNELS, "types?": {f"{name}?": CHANNELS for name in NOTIFICATION_TYPES}}

LOCATION = {"lat": real, "lon": real}

PROFILE = {
    "id": ident, "user_id": ident, "first_name": text, "last_name": text, "display_name": nullable(text),
    "avatar_url": nullable(url), "bio": nullable(text), "date_of_birth": nullable(date),
    "location": nullable(LOCATION), "city": nullable(text), "county": nullable(county), "address": nullable(text),
    "postal_code": nullable(postal_code), "language": LANGUAGE, "notification_preferences": PREFERENCES,
    "search_radius_km": integer, "created_at": time, "updated_at": time, "version": integer,
}

CRAFTSMAN_SUMMARY = {
    "id": ident, "user_id": ident, "display_name": text, "business_name": nullable(text), "avatar_url": nullable(url),
    "city": nullable(text), "county": nullable(county), "tier": TIER, "business_verified": boolean,
    "average_rating": real, "total_reviews": integer, "featured": boolean,
}

CRAFT = {
    "category_id": ident, "slug": slug, "name": text, "is_primary": boolean, "years_experience": nullable(integer),
}

CRAFTSMAN_HIT = {
    **CRAFTSMAN_SUMMARY, "distance_km": nullable(km), "score": real,
    "score_parts": {"proximity": real, "rating": real, "tier": real, "responsiveness": real},
    "available_radius_km": integer, "availability_status": one_of("available", "busy", "vacation"),
    "is_available": boolean, "hourly_rate_min": nullable(money), "hourly_rate_max": nullable(money),
    "years_of_experience": nullable(integer), "response_time_minutes": nullable(integer), "crafts": [CRAFT],
}

CERTIFICATION = {
    "id": ident, "name": text, "issuer": nullable(text), "number": nullable(text), "issued_on": nullable(date),
    "expires_on": nullable(date), "verification_status": VERIFICATION, "document_url": nullable(url),
}

# As the craftsman himself and staff see it.
CRAFTSMAN = {
    "id": ident, "user_id": ident, "display_name": text, "avatar_url": nullable(url), "bio": nullable(text),
    "city": nullable(text), "county": nullable(county), "business_name": nullable(text), "cui": nullable(text),
    "business_type": nullable(one_of("PFA", "II", "IF", "SRL", "individual")), "trade_register_number": nullable(text),
    "business_verification_status": VERIFICATION, "business_verified_at": nullable(time),
    "years_of_experience": nullable(integer), "certifications": [CERTIFICATION],
    "insurance_details": nullable(json_object), "tier": TIER, "is_available": boolean,
    "availability_status": one_of("available", "busy", "vacation"), "available_radius_km": integer,
    "total_projects_completed": integer, "average_rating": real, "total_reviews": integer,
    "response_time_minutes": nullable(integer), "completion_rate": real, "hourly_rate_min": nullable(money),
    "hourly_rate_max": nullable(money), "currency": constant("RON"), "accepts_installments": boolean, "crafts": [CRAFT],
    "followers_count": integer, "following": nullable(boolean), "featured_until": nullable(time),
    "subscription_plan": nullable(text), "subscription_expires_at": nullable(time), "created_at": time,
    "updated_at": time, "version": integer,
}
# Others: these members are absent.
CRAFTSMAN_FOR_OTHERS = without(CRAFTSMAN, "insurance_details", "subscription_plan", "subscription_expires_at")

COUNTERS = {
    "post_id": ident, "views_count": integer, "likes_count": integer, "shares_count": integer, "saves_count": integer,
    "comments_count": integer, "liked": nullable(boolean), "saved": nullable(boolean),
}

POST = {
    "id": ident, "craftsman_id": ident, "craftsman": CRAFTSMAN_SUMMARY, "title": nullable(text),
    "description": nullable(text), "media_type": one_of("video", "image", "timelapse", "before_after"),
    "media_urls": [url], "thumbnail_url": nullable(url), "before_media_url": nullable(url),
    "after_media_url": nullable(url), "duration_seconds": nullable(integer), "video_quality": nullable(text),
    "views_count": integer, "likes_count": integer, "shares_count": integer, "saves_count": integer,
    "comments_count": integer, "liked": nullable(boolean), "saved": nullable(boolean), "category_id": nullable(ident),
    "tags": [text], "location": nullable(LOCATION), "location_name": nullable(text), "project_id": nullable(ident),
    "status": one_of("draft", "processing", "published", "hidden", "removed"), "published_at": nullable(time),
    "created_at": time, "version": integer,
}
POST_FOR_OTHERS = with_members(POST, location=null, project_id=null, status=constant("published"))

FEED_POST = {
    **POST, "status": constant("published"), "published_at": time, "distance_km": nullable(km),
    "relevance_score": real, "score_parts": {"geo": real, "engagement": real, "rating": real, "recency": real},
}

CATEGORY = {
    "id": ident, "slug": slug, "name": text, "name_ro": text, "name_hu": nullable(text), "name_en": nullable(text),
    "icon_url": nullable(url), "parent_id": nullable(ident), "display_order": integer,
}

PUBLIC_PROFILE = {
    "user_id": ident, "user_type": one_of("client", "craftsman"), "first_name": text,
    "last_initial": matching(r".", "one letter"), "display_name": nullable(text), "avatar_url": nullable(url),
    "bio": nullable(text), "city": nullable(text), "county": nullable(county), "language": LANGUAGE,
    "identity_verified": boolean, "member_since": date, "craftsman": nullable(CRAFTSMAN_SUMMARY),
}

# At psql there is no address.
SESSION = {
    "id": ident, "created_at": time, "last_used_at": time, "expires_at": time, "ip_address": nullable(text),
    "user_agent": nullable(text), "current": boolean,
}

SAVED_POST = {"type": constant("post"), "saved_at": time, "post": POST_FOR_OTHERS, "craftsman": null}
SAVED_CRAFTSMAN = {"type": constant("craftsman"), "saved_at": time, "post": null, "craftsman": CRAFTSMAN_SUMMARY}

PERSON = {
    "user_id": ident, "display_name": nullable(text), "avatar_url": nullable(url), "user_type": one_of("client", "craftsman", "staff"),
}

COMMENT = {"id": ident, "post_id": ident, "user_id": ident, "author": PERSON, "text": text, "created_at": time}

stars = number("[1-5]", "1 to 5")
REVIEW = {
    "id": ident, "project_id": ident, "reviewer_id": ident, "reviewed_user_id": ident, "reviewer": PERSON,
    "overall_rating": stars, "quality_rating": nullable(stars), "punctuality_rating": nullable(stars),
    "communication_rating": nullable(stars), "price_value_rating": nullable(stars), "title": nullable(text),
    "comment": nullable(text), "photos": [url], "videos": [url], "is_verified": boolean, "response_text": nullable(text),
    "response_at": nullable(time), "is_visible": boolean, "visible_at": nullable(time), "helpful_count": integer,
    "created_at": time, "updated_at": time,
}
REVIEW_SUMMARY = {
    "total_reviews": integer, "average_rating": real,
    "averages": {f"{name}_rating": nullable(real) for name in ("overall", "quality", "punctuality", "communication", "price_value")},
    "distribution": {star: integer for star in "12345"},
}

REPORT = {
    "id": ident, "target_type": one_of("post", "comment", "message", "review", "user"), "target_id": ident,
    "category": one_of("illegal", "fraud", "spam", "hate", "sexual", "violence", "copyright", "privacy", "other"), "reason": text,
    "status": one_of("open", "upheld", "dismissed"), "decision": nullable(text), "statement_of_reasons": nullable(text),
    "created_at": time, "decided_at": nullable(time),
}

# Answers of the routes.
REGISTERED = {"user": USER, "profile": PROFILE, "tokens": TOKENS}
SIGNED_IN = {"user": USER, "tokens": TOKENS}
REFRESHED = {"tokens": TOKENS}
SUCCESS = {"success": constant(True)}
PENDING_EMAIL = {"pending_email": email}
PENDING_PHONE = {"pending_phone_number": phone}
SESSIONS = {"items": [SESSION]}
ONE_PERSON = {"public_profile": PUBLIC_PROFILE}
SAVED_POSTS = page(SAVED_POST)
SAVED_CRAFTSMEN = page(SAVED_CRAFTSMAN)
ME = {"user": USER, "profile": PROFILE, "craftsman_profile": nullable(CRAFTSMAN)}
ONE_CRAFTSMAN = {"craftsman_profile": CRAFTSMAN_FOR_OTHERS}
ONE_POST = {"post": POST_FOR_OTHERS, "engagement_stats": COUNTERS}
OWN_POST = {"post": POST}
OWN_POSTS = page(POST)
PORTFOLIO = page(POST_FOR_OTHERS)
COMMENTS = page(COMMENT)
COMMENTED = {"comment": COMMENT, "comments_count": integer}
REPORTED = {"report": REPORT}
REVIEWS = with_members(page(REVIEW), summary=REVIEW_SUMMARY)
OWN_CRAFTSMAN = {"craftsman_profile": CRAFTSMAN}
CERTIFIED = {"certification": CERTIFICATION}
AVAILABILITY = {
    "availability_status": one_of("available", "busy", "vacation"), "is_available": boolean, "available_radius_km": integer,
}
CRAFTSMEN = page(CRAFTSMAN_HIT)
CATEGORIES = page(CATEGORY)
FEED = {
    "posts": [FEED_POST], "next_cursor": nullable(matching(r"[\w-]+", "base64url")), "has_more": boolean,
    "limit": integer, "page": nullable(integer), "weights_version": integer,
}


def validate(value, shape, where="body"):
    if isinstance(shape, dict):
        validate_object(value, shape, where)
    elif isinstance(shape, list):
        expect(isinstance(value, list), value, where, "a list")
        for index, item in enumerate(value):
            validate(item, shape[0], f"{where}[{index}]")
    else:
        shape(value, where)


def validate_object(value, shape, where):
    expect(isinstance(value, dict), value, where, "an object")
    members = {name.rstrip("?"): (member, name.endswith("?")) for name, member in shape.items()}
    missing = [name for name, (_, optional) in members.items() if not optional and name not in value]
    extra = [name for name in value if name not in members]
    assert not missing and not extra, f"{where}: missing {missing}, not in the list of fields {extra}"
    for name, member in value.items():
        validate(member, members[name][0], f"{where}.{name}")


def conforms(body, shape):
    """Validates the bytes of an answer."""
    validate(parse(body, parse_int=Number, parse_float=Number), shape)
