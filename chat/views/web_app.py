"""What makes Parley an app of the browser's: manifest, service worker, and the page that stands where there is no network.

None of it says anything of a person. What the service worker keeps is the offline shell alone, so nobody finds somebody
else's rooms on a shared device.
"""

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

_SHELL = (
    "parley/tokens.css",
    "parley/base.css",
    "parley/components.css",
    "parley/forms.css",
    "parley/cards.css",
    "parley/dialogs.css",
    "parley/theme.js",
    "parley/icons.svg",
    "parley/mark.svg",
    "chat/css/offline.css",
    "chat/offline.js",
)


@require_safe
def manifest(request: Any) -> HttpResponse:
    """The web app's manifest (W3C), with the organisation's name: a device may have several organisations."""
    name = request.organisation.name
    icons = [
        {"src": static(f"parley/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    maskable = {
        "src": static("parley/icon-maskable-512.png"),
        "sizes": "512x512",
        "type": "image/png",
        "purpose": "maskable",
    }
    about = {
        "id": "/",
        "name": name,
        "short_name": name[:30],
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbfaf7",
        "theme_color": "#fbfaf7",
        "icons": [*icons, maskable],
    }
    return JsonResponse(about, content_type="application/manifest+json")


@require_safe
def service_worker(request: Any) -> HttpResponse:
    """The service worker, at the root because its reach is the folder it comes from."""
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")


@functools.cache
def _worker() -> str:
    page = reverse("offline")
    files = [page, *(static(name) for name in _SHELL)]
    source = Path(finders.find("chat/service_worker.js") or "").read_text()
    contents = "".join(Path(finders.find(name) or "").read_text() for name in _SHELL)
    version = hashlib.blake2b(f"{settings.BUILD}{files}{contents}".encode(), digest_size=8).hexdigest()
    shell = json.dumps({"version": version, "page": page, "files": files})
    return f"const SHELL = {shell};\n{source}"


@require_safe
def offline(request: Any) -> HttpResponse:
    """The offline shell. The same for everybody: what waits on the device is drawn by its script."""
    return render(request, "chat/offline.html")
