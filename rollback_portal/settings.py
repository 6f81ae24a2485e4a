"""Every setting, read once from the environment. What an installation may set is listed in docs/operate.md."""

import warnings
from pathlib import Path

from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from rollback_portal import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env.flag("DEBUG")
MODE = env.text("PORTAL_MODE", "up")  # demo shows its sign-ins and its simulators
INSTANCE = env.text("PORTAL_INSTANCE", "portal")  # two instances on one host keep their own cookies
DATA_DIR = Path(env.text("PORTAL_DATA_DIR", str(BASE_DIR / ".data")))

SECRET_KEY = env.required("SECRET_KEY", "Give a long random text; bin/up makes one by itself.")
ENCRYPTION_KEYS = env.words("ENCRYPTION_KEYS")
BASE_URL = env.text("BASE_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
OUTBOUND_ALLOW = env.words("OUTBOUND_ALLOW")
ADVISORIES_URL = env.text("ADVISORIES_URL", "https://api.osv.dev").rstrip("/")  # whom `doctor --audit` asks

# Anchors of the record are kept outside the database, and so is the key that signs them.
ANCHOR_FOLDER = DATA_DIR / "anchors"
ANCHOR_FILE = Path(env.text("ANCHOR_FILE", str(ANCHOR_FOLDER / "record.jsonl")))
ANCHOR_WEBHOOKS = env.words("ANCHOR_WEBHOOKS")
ANCHOR_KEYS = env.words("ANCHOR_KEYS")
ANCHOR_KEY_FILE = DATA_DIR / "anchor-key"
SIMULATORS_URL = env.text("PORTAL_SIMULATORS_URL")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "apps.timeline",
    "apps.accounts",
    "apps.providers",
    "apps.approvals",
    "apps.deployments",
    "apps.playbooks",
    "apps.incidents",
    "apps.checks",
    "apps.checklists",
    "apps.rollbacks",
    "apps.communications",
    "apps.demo",
    "rollback_portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # streams say Content-Encoding: identity and pass untouched
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.PersonMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "rollback_portal.urls"
ASGI_APPLICATION = "rollback_portal.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["rollback_portal.templatetags.parts"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rollback_portal.frame.frame",
            ],
        },
    }
]

DATABASE_URL = env.required("DATABASE_URL", "Use bin/demo or bin/up, or give the address of a Postgres 18 server.")
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL")
DATABASES = {"default": env.database(DATABASE_URL)}
if DATABASE_OWNER_URL:
    DATABASES["owner"] = {**env.database(DATABASE_OWNER_URL), "TEST": {"MIRROR": "default"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://localhost:6379/0")
CELERY_BROKER_URL = env.celery_broker(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"apps.rollbacks.tasks.advance_rollback": {"queue": "rollback"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "health_check_interval": 10,
    "visibility_timeout": 3600,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# Whatever counts tries (sign-in, tokens) must survive the loss of Valkey, so the cache lives in Postgres.
# It is never full: what is thrown out to make room would be forgotten tries.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds: a vote needs a sign-in no older than this
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "100/15m/ip,10/15m/key",  # the key is account and address together
    "reset_password": "20/m/ip,5/15m/key",
    "reauthenticate": "30/m/user",
}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to addresses that have no account here
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False

SINGLE_SIGN_ON = env.single_sign_on(
    env.text("OIDC_ISSUER"),
    client_id=env.text("OIDC_CLIENT_ID"),
    client_secret=env.text("OIDC_CLIENT_SECRET"),
    name=env.text("OIDC_NAME", "single sign-on"),
    scopes=env.words("OIDC_SCOPES", "openid,email,profile"),
    groups_claim=env.text("OIDC_GROUPS_CLAIM", "groups"),
)
SOCIALACCOUNT_ADAPTER = "apps.providers.identity.SingleSignOnAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "apps.providers.identity.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Rollback Portal"
MFA_TOTP_TOLERANCE = 1  # one time step: clocks of phones differ by some seconds
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "rollback_portal.errors.csrf_failure"
SECURE = BASE_URL.startswith("https://")
COOKIE_PREFIX = "__Host-" if SECURE else ""  # with it browsers keep a cookie to this host, this path and https
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session_{INSTANCE}"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf_{INSTANCE}"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE and env.flag("SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
if env.flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576  # bytes; larger bodies get 413
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # without collectstatic the files come from where they are written
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)  # whitenoise's, about that
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")  # whitenoise's files are short
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 60 if MODE == "demo" or DEBUG else 3600

MAIL = env.mail(env.text("EMAIL_URL"))
EMAIL_BACKEND = env.text("EMAIL_BACKEND", MAIL.backend)
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.starttls, MAIL.tls
EMAIL_TIMEOUT = 10  # seconds: nobody waits longer for a mail server
EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "portal@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "WARNING")},
    "loggers": {"apps": {"level": env.text("LOG_LEVEL", "INFO")}},
}

# The engine's clocks, in seconds (reference numbers; tests scale them down).
ENGINE_LEASE_SECONDS = float(env.text("ENGINE_LEASE_SECONDS", "30"))
ENGINE_HEARTBEAT_SECONDS = float(env.text("ENGINE_HEARTBEAT_SECONDS", "5"))
ENGINE_POLL_SECONDS = float(env.text("ENGINE_POLL_SECONDS", "1"))
ENGINE_CALL_SECONDS = float(env.text("ENGINE_CALL_SECONDS", "20"))
ENGINE_SEND_WITHIN_SECONDS = 1.0  # an intent older than this is not sent any more: the kill switch holds
