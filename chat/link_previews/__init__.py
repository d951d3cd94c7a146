"""Cards of the pages that messages link to: looked up by the worker, kept, drawn below the text.

`pages` reads a page, `pictures` draws its picture anew, `looking` does both for an address, `attached` knows which
messages show which card. What goes out, and how it is kept from our own network: docs/link-previews.md.
"""
