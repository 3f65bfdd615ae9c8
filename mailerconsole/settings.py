"""Settings, all from the environment; every variable is listed in docs/operations.md.

Without any variable set the product runs on one machine out of the folder `var` (DESIGN: "one command, one machine").
"""

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from mailerconsole import file_store, limits, logs
from mailerconsole.secret_files import env_secret
from workspace import limits as workspace_limits
from workspace import sqlite
from workspace.secret_key import read_or_create_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent


def env_bool(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    return default if not value else value in {"1", "true", "yes", "on"}


def env_list(name: str, default: str = "") -> list[str]:
    return split_list(os.environ.get(name) or default)


def split_list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def with_password(url: str, password: str) -> str:
    """The URL with the password in it, where there are both; whatever characters that has."""
    if not url or not password:
        return url
    scheme, _, rest = url.partition("://")
    user, _, place = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}:{quote(password, safe='')}@{place}"


# Where things are -----------------------------------------------------------------------------------------------

DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").resolve()
# Before anything is made in it, whichever process is the first: files are their owner's alone.
os.umask(0o077)
DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)

DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = env_secret("SECRET_KEY") or read_or_create_secret_key(DATA_DIR / "secret_key")

# The public address, such as https://mailer.example.com. With https everything is locked to it.
SITE_URL = os.environ.get("SITE_URL", "")
IS_HTTPS = urlsplit(SITE_URL).scheme == "https"
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", urlsplit(SITE_URL).hostname or "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = [SITE_URL.rstrip("/")] if SITE_URL else []

# Applications ---------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "mailings",
    "workspace",
    "addressbook",
    "mailerconsole.operations",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "csp",
]

MIDDLEWARE = [
    "mailerconsole.operations.request_log.RequestsMiddleware",
    # Whoever answers inside of these two, from the redirect to https to the last error page, has their headers.
    "workspace.views.pages.hardening.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "workspace.views.pages.middleware.PagesGZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "workspace.views.pages.body_limits.BodyLimitMiddleware",
    "workspace.views.pages.hardening.FieldLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "workspace.views.people.session_limits.SessionLimitsMiddleware",
    "workspace.views.pages.middleware.PrivatePagesMiddleware",
    "workspace.views.pages.middleware.MethodNotAllowedMiddleware",
    "workspace.views.pages.middleware.NotNowMiddleware",
    "addressbook.views.screen.drawing.ScreenMiddleware",
]

ROOT_URLCONF = "mailerconsole.urls"
WSGI_APPLICATION = "mailerconsole.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workspace.views.pages.context.product",
                "mailerconsole.pages.limits",
            ],
        },
    },
]

# What the page calls itself: the console moved the address book to another product in 2026, and may again.
PRODUCT_NAME = os.environ.get("PRODUCT_NAME", "Mailer Console")
PRODUCT_PATH = env_list("PRODUCT_PATH", "Simple & Easy Notification Service,MAIL")
PRODUCT_URL = os.environ.get("PRODUCT_URL", "https://www.ncloud.com/product/applicationService/cloudOutboundMailer")

# The simulated Outbound Mailer that runs beside the console on one machine; 0: there is none. Its token is what both
# know and other users of the machine do not.
SIMULATOR_PORT = int(os.environ.get("SIMULATOR_PORT") or "0")
SIMULATOR_TOKEN = env_secret("SIMULATOR_TOKEN")
if SIMULATOR_PORT and not SIMULATOR_TOKEN:
    SIMULATOR_TOKEN = read_or_create_secret_key(DATA_DIR / "simulator_token")

# The key with which API keys are encrypted: never the one above, which signs what browsers hold. The first of several
# encrypts, all of them decrypt. Without any here, one is made once and kept in the file.
SECRETS_KEYS = split_list(env_secret("SECRETS_KEYS"))
SECRETS_KEY_FILE = DATA_DIR / "secrets_key"

# Hosts other than the service's own that a book may be connected to, such as https://mailer-gateway.example.com.
MAILER_HOSTS = [host.rstrip("/") for host in env_list("MAILER_HOSTS")]

# Database -------------------------------------------------------------------------------------------------------

DATABASES = {
    "default": dj_database_url.parse(
        env_secret("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'mailerconsole.sqlite3'}",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
# Apart from the URL, so that it may come from a file of its own, and hold any characters.
if database_password := env_secret("DATABASE_PASSWORD"):
    DATABASES["default"]["PASSWORD"] = database_password
IS_SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
# On PostgreSQL too: what is moved there may come out of a file.
sqlite.use_best_library()
# Empty: the write-ahead log where the library is safe with it. `truncate`: the rollback journal in any case.
SQLITE_JOURNAL_MODE = sqlite.journal(os.environ.get("SQLITE_JOURNAL", ""))
if IS_SQLITE:
    DATABASES["default"]["OPTIONS"] = sqlite.options(SQLITE_JOURNAL_MODE)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Jobs -----------------------------------------------------------------------------------------------------------

REDIS_URL = with_password(env_secret("REDIS_URL"), env_secret("REDIS_PASSWORD"))
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    # A message that a killed worker held comes back after this time; the sweeper has long woken its job by then.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"visibility_timeout": 3600}
else:
    BROKER_DIR = DATA_DIR / "broker"
    BROKER_DIR.mkdir(exist_ok=True, mode=0o700)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT = "mailerconsole.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR),
        "data_folder_out": str(BROKER_DIR),
        # The folder is looked at this often; the default of a second would be felt after a click.
        "polling_interval": 0.1,
    }
# Asking workers from outside needs messages to all of them, which files in a folder are not made for.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 1500
CELERY_TASK_TIME_LIMIT = 1800
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A publish that finds the broker down must not hold up the answer to a click: the sweeper finds the row.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# Whoever waits for a download, or for the sync, must not wait for somebody's long upload: each has workers of its own
# (Procfile). What beat asks for is short and goes with the sync. Kinds of work name their queue themselves.
CELERY_TASK_DEFAULT_QUEUE = "sync"
CELERY_TASK_ROUTES = {
    "mailings.tasks.run_mailing": {"queue": "mail"},
    "mailings.tasks.tell_unsubscribes": {"queue": "mail"},
    "mailings.tasks.read_recipient_file": {"queue": "mail"},
    "mailings.tasks.refresh_templates": {"queue": "mail"},
    "mailings.tasks.import_templates": {"queue": "mail"},
    "mailings.tasks.read_outside_requests": {"queue": "mail"},
}
CELERY_BEAT_SCHEDULE = {
    # Held and scheduled mailings begin, and calls are looked after, at most this much late.
    "drop-old-recipients": {"task": "mailings.tasks.drop_old_recipients", "schedule": 24 * 3600.0},
    "wake-mailings": {"task": "mailings.tasks.wake_mailings", "schedule": 5.0},
    "wake-forgotten-jobs": {"task": "workspace.tasks.wake_forgotten_jobs", "schedule": 15.0},
    # What was deleted stays readable in the log of SQLite until then.
    "cut-write-ahead-log": {"task": "workspace.tasks.cut_write_ahead_log", "schedule": 60.0},
    "erase-due-editions": {"task": "addressbook.tasks.erase_due_editions", "schedule": 60.0},
    # Waits of a sync that are longer than a nap of its worker end with one of these.
    "wake-syncs": {"task": "addressbook.tasks.wake_syncs", "schedule": 5.0},
    "tidy-uploads": {"task": "addressbook.tasks.tidy_uploads", "schedule": 600.0},
    "sweep-undo-records": {"task": "addressbook.tasks.sweep_undo_records", "schedule": 3600.0},
    "trim-history": {"task": "workspace.tasks.trim_history", "schedule": 24 * 3600.0},
    # The last count of a week stays.
    "record-growth": {"task": "addressbook.tasks.record_growth", "schedule": 6 * 3600.0},
    "tidy-attachments": {"task": "mailings.tasks.tidy_attachments", "schedule": 3600.0},
    # A file outlives its week by no more than this, though nobody gets it any more; and so do notes of departures.
    "tidy-downloads": {"task": "addressbook.tasks.tidy_downloads", "schedule": 60.0},
    "forget-old-sign-ins": {"task": "workspace.tasks.forget_old_sign_ins", "schedule": 3600.0},
    "forget-old-submissions": {"task": "workspace.tasks.forget_old_submissions", "schedule": 3600.0},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

# People ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "addressbook.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
PASSWORD_HASHERS = [
    "mailerconsole.hashing.BoundedArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": workspace_limits.PASSWORD_LEAST_CHARACTERS},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = limits.PASSWORD_LINK_HOURS * 3600
# Whether what only admins may do, and the pages of users, are open only to those who have turned two-factor on.
TWO_FACTOR_FOR_ADMINS = env_bool("TWO_FACTOR_FOR_ADMINS", default=False)
# How many proxies of our own stand before the web server: only then is X-Forwarded-For read, and from its right end.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))

# E-mail to the people who use the console -------------------------------------------------------------------------

# Without a server nobody gets any. The mails of the books have nothing to do with it.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT") or "587")
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env_secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=True)
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL") or "mailer-console@localhost"
# A worker waits no longer for it.
EMAIL_TIMEOUT = 10

# Watching -------------------------------------------------------------------------------------------------------

# What Prometheus shows to be let in at /metrics; without one there is no such page.
METRICS_TOKEN = env_secret("METRICS_TOKEN")
# A worker that does nothing while messages wait for it is deaf after this time, and starts anew; 0: never.
WORKER_DEAF_AFTER_SECONDS = float(os.environ.get("WORKER_DEAF_AFTER_SECONDS") or "120")

# The browser ----------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Mails are shown in sandboxed frames, which have a policy of their own (mailings.views.compose.preview).
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "mailerconsole.exception_reports.PrivateReportFilter"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# After it the row may go; when a session is over is decided by views.session_limits.
SESSION_COOKIE_AGE = workspace_limits.LONGEST_SESSION_SECONDS
# Browsers take a name with this only from https, for this host alone and for all of it.
COOKIE_PREFIX = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "workspace.views.pages.errors.csrf_failure"
if IS_HTTPS:
    SECURE_SSL_REDIRECT = True
    # With its port, and not to whatever name the request came by.
    SECURE_SSL_HOST = urlsplit(SITE_URL).netloc
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env_bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
    SECURE_HSTS_PRELOAD = env_bool("HSTS_PRELOAD", default=False)

# The most for anybody; views.body_limits says who may send how much to where.
DATA_UPLOAD_MAX_MEMORY_SIZE = workspace_limits.LARGE_FORM_BYTES
# Edit group posts two fields a group at most, and a book may hold 10,000 groups; for other forms see views.hardening.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 25_000

# Static files ---------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": file_store.default_store(),
    "staticfiles": {"BACKEND": "mailerconsole.operations.static_files.Storage"},
}
WHITENOISE_MAX_AGE = 3600
MEDIA_ROOT = DATA_DIR / "files"
# Files on their way in stand beside those that are kept: not in a folder of the whole machine, and moved by a rename.
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True, mode=0o700)
FILE_UPLOAD_HANDLERS = ["workspace.views.pages.receiving.LimitedFileUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# Words and times ------------------------------------------------------------------------------------------------

LANGUAGE_CODE = os.environ.get("LANGUAGE_CODE", "en")
LANGUAGES = [("en", "English"), ("ko", "한국어"), ("ja", "日本語")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = os.environ.get("TIME_ZONE", "Asia/Seoul")
USE_TZ = True
USE_I18N = True

# Logs -----------------------------------------------------------------------------------------------------------

LOGGING = logs.configuration(os.environ.get("LOG_FORMAT") or "json", os.environ.get("LOG_LEVEL", "INFO"))
