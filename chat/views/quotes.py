"""What quotes show: messages that other messages link to, for one reader."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.access import member_required
from chat.quotes import quotes_for
from chat.sidebar import cards_of, direct_title, people_of
from chat.views import answers
from tenants.ids import encode


@require_safe
@member_required
@answers.answering
def quotes(request: Any) -> HttpResponse:
    """`?messages=m1,m2`: the fragments of those of these messages that the person may read, and where they stand."""
    found = quotes_for(request.user, answers.message_ids(request.GET.get("messages", "")))
    direct = {person_id for quote in found.values() for person_id in people_of(quote.room.direct_key or "")}
    cards = cards_of(direct) if direct else {}
    shown = {
        encode("m", asked): {
            "id": encode("m", quote.message.pk),
            "room": encode("r", quote.room.pk),
            "title": quote.room.name or direct_title(quote.room.direct_key or "", request.user, cards),
            "kind": quote.room.kind,
            "url": f"{reverse('room', args=[quote.room.pk])}?message={encode('m', quote.message.pk)}",
            "html": quote.message.html,
        }
        for asked, quote in found.items()
    }
    return JsonResponse({"quotes": shown})
