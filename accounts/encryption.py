"""Secrets at rest, encrypted with the deployment's keys (settings.FIELD_KEYS).

The first key encrypts, any of them decrypts, so keys are rotated by putting a new one in front. Without keys, which
`check --deploy` refuses, development derives one from SECRET_KEY.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(ValueError):
    """Encrypted with a key that this deployment does not have."""


def encrypt(text: str) -> str:
    """`text` encrypted and authenticated, as ASCII."""
    return _fernet().encrypt(text.encode()).decode("ascii")


def decrypt(secret: str) -> str:
    """What `encrypt` was given. Raises Unreadable."""
    try:
        return _fernet().decrypt(secret.encode()).decode()
    except InvalidToken:
        raise Unreadable("No key of PARLEY_FIELD_KEYS opens this secret.") from None


def _fernet() -> MultiFernet:
    keys = settings.FIELD_KEYS or [_development_key()]
    return MultiFernet([Fernet(key) for key in keys])


def _development_key() -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(settings.SECRET_KEY.encode()).digest())
