"""Static files in production: hashed, compressed, and the modules' imports lead to the hashed names too."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModules(CompressedManifestStaticFilesStorage):
    """Without the aggregation an ES module would load its imports unhashed, beside the hashed preloads."""

    support_js_module_import_aggregation = True
    # A module's name depends on its imports' names: as many passes as modules import each other in a chain, and some.
    max_post_process_passes = 30

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._urls: dict[str, str] = {}

    def url(self, name: str, force: bool = False) -> str:
        """As the base class, which works it out anew for each of the ninety of a page; a process' manifest stays."""
        if force or name not in self._urls:
            self._urls[name] = super().url(name, force)
        return self._urls[name]
