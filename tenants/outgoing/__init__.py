"""Asking servers whose names people gave us, without becoming their way into our own network (SSRF).

`fetch` is the only door out for such addresses, and only the worker goes through it. What it promises is told, with
the reasons, in docs/link-previews.md; the rules for addresses are in `tenants.outgoing.addresses`.
"""

from tenants.outgoing.fetching import INTERNET, Answer, FetchFailed, Outside, fetch

__all__ = ["INTERNET", "Answer", "FetchFailed", "Outside", "fetch"]
