"""A WebSocket server protocol for uvicorn: small, and able to write frames that were made once for all readers.

Parley is correct on any ASGI server. On uvicorn with `--ws=tenants.websocket.protocol:Protocol` a socket takes a
third of the memory, and everything that one read from Valkey brought goes to each reader in one write.
"""

# The ASGI extension by which an application sends frames that are ready. `extensions[FRAMES]["write"](data)` writes the
# bytes at once and says True; False where they would have to wait, or nobody is there. Then, and only for waiting in
# order, the message {"type": FRAMES, "data": bytes} goes through `send`.
FRAMES = "parley.frames"
