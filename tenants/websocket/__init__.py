"""A WebSocket server protocol for uvicorn: small, and able to write frames that were made once for all readers.

Parley is correct on any ASGI server. On uvicorn with `--ws=tenants.websocket.protocol:Protocol` a socket takes a
third of the memory, and everything that one read from Valkey brought goes to each reader in one write.
"""

# The ASGI extension by which an application sends frames that are ready: {"type": FRAMES, "data": bytes}.
FRAMES = "parley.frames"
