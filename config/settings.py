"""Parley's settings, read from top to bottom; everything a deployment chooses comes from the environment.

The variables are listed in README.md under "Configuration".
"""

import warnings
from pathlib import Path

import environ
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from redis.backoff import NoBackoff
from redis.retry import Retry

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.bool("PARLEY_DEBUG", default=False)
SECRET_KEY = env.str("PARLEY_SECRET_KEY", default="development-only-" + "k" * 40 if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set PARLEY_SECRET_KEY to a long random text (python -m secrets).")
# Secrets at rest are encrypted with the first key and decrypted with any: put a new one in front to rotate.
FIELD_KEYS = env.list("PARLEY_FIELD_KEYS", default=[])

# -- Where Parley is reached -----------------------------------------------------------------------------------
BASE_DOMAIN = env.str("PARLEY_BASE_DOMAIN", default="localhost").lower()
PUBLIC_PORT = env.int("PARLEY_PUBLIC_PORT", default=env.int("PORT", default=8000) if DEBUG else 443)
HTTPS = env.bool("PARLEY_HTTPS", default=not DEBUG)
ALLOWED_HOSTS = ["*"]  # tenants.middleware answers 404 to every host that is not in the registry.
TRUSTED_PROXIES = env.int("PARLEY_TRUSTED_PROXIES", default=0)
BUILD = env.str("PARLEY_BUILD", default="development")

# -- Applications ----------------------------------------------------------------------------------------------
# Everything of an organisation lives in its schema; `public` has the registry and the job queue (DESIGN 1).
SHARED_APPS = [
    "django_tenants",
    "tenants",
    "procrastinate.contrib.django",
    "channels",
    "django_htmx",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "accounts",
    "chat",
    "notifications",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "tenants.Organisation"
TENANT_DOMAIN_MODEL = "tenants.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
AUTH_USER_MODEL = "accounts.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SPARE_SCHEMAS = env.int("PARLEY_SPARE_SCHEMAS", default=10)

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.middleware.OrganisationMiddleware",
    "accounts.middleware.SessionMiddleware",
    "tenants.middleware.LanguageMiddleware",
    "tenants.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.SignedInMiddleware",
    "tenants.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.PersonMiddleware",
    "tenants.middleware.HtmxMiddleware",
    "tenants.middleware.PolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.middleware.organisation_context",
            ],
        },
    },
]

# -- Postgres --------------------------------------------------------------------------------------------------
# Persistent connections do not work under ASGI: a pool, and every thread gives its connection back when it has no more
# to do.
# THREADS is the bound of tenants.db.in_tenant; HTTP requests share the rest of the pool.
THREADS = env.int("PARLEY_THREADS", default=8)
# After these a web request's statement is given up, so that no search keeps a core and a thread (0: never). Jobs,
# commands and migrations may take as long as they need.
STATEMENT_SECONDS = env.float("PARLEY_STATEMENT_SECONDS", default=15.0)
DATABASES = {"default": env.db("DATABASE_URL", default="postgres://parley@localhost/parley")}
DATABASES["default"] |= {
    "ENGINE": "tenants.backend",
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": False,  # our backend looks at a connection as it takes it (tenants.backend.liveness)
    "DISABLE_SERVER_SIDE_CURSORS": True,  # in autocommit they outlive a change of the organisation
    "OPTIONS": {
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {
            "min_size": 1,
            "max_size": env.int("PARLEY_POOL", default=THREADS + 12),
            "timeout": 10,
            "max_lifetime": 1800,
            # A try that failed is given up soon, so that the next request tries again: the pool would wait twice as
            # long after each, and a minute's outage would cost a minute more.
            "reconnect_timeout": 2,
        },
        "connect_timeout": 5,
    },
}

# -- Valkey ----------------------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "tenants.layers.PubSubLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "protocol": 2}]},  # RESP2: messages come as plain answers
    }
}
# No prefix: keys of an organisation carry its schema (tenants.keys), keys by address must not (DESIGN 5).
CACHES = {
    "default": {
        "BACKEND": "accounts.cache.OrganisationCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "retry": Retry(NoBackoff(), 1)},
    }
}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_IMPORT_PATHS = ["tenants.provisioning", "chat.slack.jobs"]
# What the hub asks of the domain (tenants.fanout): heal a room's gap; compare heads, sessions and memberships;
# say which people are still here.
FANOUT = {"heal": "chat.feeds.heal", "compare": "chat.feeds.compare", "hold": "chat.presence.refresh"}

# Messages a person may post on one socket at once, and the seconds in which that is refilled.
POST_RATE = (env.int("PARLEY_POST_LIMIT", default=30), env.float("PARLEY_POST_SECONDS", default=10.0))

# Whether the worker looks at the pages that messages link to (docs/link-previews.md).
LINK_PREVIEWS = env.bool("PARLEY_LINK_PREVIEWS", default=True)

# -- Sign-in ---------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["accounts.backends.PersonBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"  # e-mail invitations prove the address, links ask for it afterwards
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {
    "login": "accounts.sign_in_forms.SignInForm",
    "reset_password": "accounts.sign_in_forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.sign_in_forms.ChosenPasswordForm",
    "change_password": "accounts.sign_in_forms.ChangedPasswordForm",
    "set_password": "accounts.sign_in_forms.FirstPasswordForm",
    "add_email": "accounts.sign_in_forms.NewAddressForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "accounts.sign_in_forms.PasskeyForm"}

# -- Cookies and headers ---------------------------------------------------------------------------------------
# Host-only cookies: SameSite does not separate subdomains, the __Host- prefix does.
_prefix = "__Host-" if HTTPS else ""
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_NAME = f"{_prefix}parley-session"
CSRF_COOKIE_NAME = f"{_prefix}parley-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
CSRF_FAILURE_VIEW = "tenants.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
SECURE_SSL_REDIRECT = HTTPS and env.bool("PARLEY_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "style-src-attr": [CSP.UNSAFE_INLINE],  # custom properties such as --hue of an avatar
    "img-src": [CSP.SELF, "data:", "blob:"],
    "media-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "worker-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

# -- Files, mail, languages ------------------------------------------------------------------------------------
DATA = Path(env.str("PARLEY_DATA", default=str(BASE_DIR / ".data")))
MEDIA_ROOT = DATA / "files"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("PARLEY_STATIC", default=str(DATA / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
S3_BUCKET = env.str("PARLEY_S3_BUCKET", default="")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if not S3_BUCKET
    else {
        "BACKEND": "tenants.s3.Bucket",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("PARLEY_S3_ENDPOINT", default="") or None,
            "default_acl": None,
            "file_overwrite": False,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.staticfiles.HashedModules"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# whitenoise's files are read by a thread, which is what Django warns of; a proxy serves them in production.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # of a request, its files aside
LARGEST_FILE = env.int("PARLEY_LARGEST_FILE_MB", default=100) * 1024**2
LARGEST_BODY = LARGEST_FILE + 1024**2  # what is longer is not even read (tenants.http)
FILE_QUOTA = env.int("PARLEY_FILE_QUOTA_GB", default=0) * 1024**3  # of each organisation; 0: no limit
CLAMAV_URL = env.str(
    "PARLEY_CLAMAV_URL", default=""
)  # tcp://host:3310 or unix:/run/clamd.sock; "" scans nothing
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

EMAIL_FILE_PATH = DATA / "mail"
_email = env.email_url("PARLEY_EMAIL_URL", default="filemail:" if DEBUG else "smtp://localhost:25")
_email.pop("EMAIL_FILE_PATH", None)
vars().update(_email)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("PARLEY_FROM_EMAIL", default=f"Parley <parley@{BASE_DOMAIN}>")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# -- Logs ------------------------------------------------------------------------------------------------------
_shared_processors: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
]
structlog.configure(
    processors=[*_shared_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
_renderers: list[structlog.typing.Processor] = (
    [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    if DEBUG
    else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers,
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": env.str("PARLEY_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
    },
}
