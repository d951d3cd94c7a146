"""The same pages drawn in the plain way, as the tutorial teaches it: objects with what belongs to them, and templates
that loop over the messages, draw each one's Markdown with the same pipeline, and show author, time and toolbar.

Nothing is slowed down: no N+1, the same middleware and sign-in, the same tables and indexes, cached template loaders,
the same server. It runs on Django's own ASGI handler. The templates are those that Parley's pages had before their
constant parts were drawn once.
"""
