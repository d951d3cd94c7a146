"""Parley's ASGI application without a limit on searches: here one person asks for as many as a whole organisation."""

import config.asgi

# isort: split
from chat.views import search

search.SEARCHES = (1_000_000_000, 10)
application = config.asgi.application
