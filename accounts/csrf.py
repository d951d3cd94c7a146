"""A page's token against forged requests, as Django makes it, with one system call instead of 33.

Django also sends its cookie with each page that has a token, to renew the year for which it lasts. Pages of somebody
signed in do that every few minutes (accounts.middleware), which is as good.
"""

import secrets
from typing import Any

from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH, get_token

_PLACES = {letter: place for place, letter in enumerate(CSRF_ALLOWED_CHARS)}
_COUNT = len(CSRF_ALLOWED_CHARS)
# A byte for each letter; of the last ones, there are not enough for all letters.
_LETTERS = bytes(ord(CSRF_ALLOWED_CHARS[byte % _COUNT]) for byte in range(256))
_TOO_MANY = bytes(range(256 - 256 % _COUNT, 256))


def page_token(request: Any) -> str:
    """A token for the forms of one page: another one each time, so that compressed pages don't give the secret away."""
    secret = request.META.get("CSRF_COOKIE", "")
    return _masked(secret) if len(secret) == CSRF_SECRET_LENGTH else get_token(request)


def renew(request: Any) -> None:
    """Send the cookie with the answer, so that it lasts from now on."""
    get_token(request)


def _masked(secret: str) -> str:
    """As Django's `_mask_cipher_secret`."""
    mask = _random_letters()
    places = zip((_PLACES[one] for one in secret), (_PLACES[one] for one in mask), strict=True)
    return mask + "".join([CSRF_ALLOWED_CHARS[(first + second) % _COUNT] for first, second in places])


def _random_letters() -> str:
    letters = b""
    while len(letters) < CSRF_SECRET_LENGTH:
        letters += secrets.token_bytes(CSRF_SECRET_LENGTH + 8).translate(_LETTERS, _TOO_MANY)
    return letters[:CSRF_SECRET_LENGTH].decode()
