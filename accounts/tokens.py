"""Tokens that open something: random, shown once, kept only as a hash."""

import hashlib
import secrets


def new_token() -> str:
    """192 random bits in 32 characters that are safe in an address."""
    return secrets.token_urlsafe(24)


def hash_token(token: str) -> str:
    """What is kept. Random tokens need no salt, and are found by their hash with an index."""
    return hashlib.sha256(token.encode()).hexdigest()
