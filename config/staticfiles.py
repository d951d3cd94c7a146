"""Static files in production: hashed, compressed, and the modules' imports lead to the hashed names too."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModules(CompressedManifestStaticFilesStorage):
    """Without the aggregation an ES module would load its imports unhashed, beside the hashed preloads."""

    support_js_module_import_aggregation = True
