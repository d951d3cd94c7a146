"""The baseline: the chat server that Channels' tutorial leads to, on daphne with channels_redis' standard layer.

One database without organisations, Django's sessions, one consumer for each socket, `group_send` for each message,
`json.dumps` for each reader, the ORM through `database_sync_to_async`. It is what a careful reader of the
documentation would write, and it keeps the same promise for a stored message: acknowledged means committed, with a
position without gaps.
"""
