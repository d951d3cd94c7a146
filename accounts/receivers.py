"""What signing in and out, and a new password, mean for sessions and their sockets."""

from typing import Any

from allauth.account import signals as allauth_signals
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from accounts import broadcasts, sessions
from accounts.models import Person


@receiver(user_logged_in)
def signed_in(sender: Any, request: Any, user: Person, **kwargs: Any) -> None:
    sessions.note_sign_in(request, user)


@receiver(user_logged_out)
def signed_out(sender: Any, request: Any, user: Person | None, **kwargs: Any) -> None:
    """Django flushes the session right after this."""
    session_key = request.session.session_key
    if user is not None and session_key:
        UserSession.objects.filter(session_key=session_key).delete()
        broadcasts.sessions_ended([session_key])


@receiver([allauth_signals.password_changed, allauth_signals.password_set, allauth_signals.password_reset])
def password_replaced(sender: Any, request: Any, user: Person, **kwargs: Any) -> None:
    """Whoever knew the old password is out, everywhere but here."""
    here = request.session.session_key if request.user.is_authenticated else ""
    sessions.end_all_sessions(user, keep=here)
