"""Django's settings of the textbook server."""

import environ

env = environ.Env()
SECRET_KEY = "textbook" * 8
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "tests.bench.textbook",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.bench.textbook.asgi"
ASGI_APPLICATION = "tests.bench.textbook.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": env.db("TEXTBOOK_DATABASE_URL")}
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"max_size": 20}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # redis-py's timeout of 5 s would end the layer's 5 s of waiting with an error, its pool has 100 places.
            "hosts": [{"address": env.str("REDIS_URL"), "socket_timeout": 60, "max_connections": 10_000}],
            # A reader's queue has to hold what is in flight: with the default of 100 messages are dropped.
            "capacity": 10_000,
        },
    }
}
