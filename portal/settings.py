"""Every setting of the portal, read from the environment and nowhere else.

Without any variable the embedded default runs: SQLite, files on disk, a broker on a Unix
socket and mail into a folder, all below DATA_DIR.
"""

from email.utils import formataddr
from pathlib import Path

from portal import environment as read

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(read.text("DATA_DIR", str(BASE_DIR / "var")))

DEBUG = read.flag("DEBUG")
SECRET_KEY = read.secret_key("SECRET_KEY", DATA_DIR / "secret_key")
# Keys of before: what they signed or locked still opens, and nothing new is made with them.
SECRET_KEY_FALLBACKS = read.text("SECRET_KEY_FALLBACKS").replace(",", " ").split()
SITE_URL = read.site_url("SITE_URL", f"http://localhost:{read.text('PORT', '8000')}")
ALLOWED_HOSTS = [
    host.strip()
    for host in read.text("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
    if host.strip()
]
# A host name for files alone, which sees no cookies. With S3, files come from its host anyway.
FILES_URL = read.files_url("FILES_URL", SITE_URL)
FILES_HOST = FILES_URL.partition("//")[2]
if FILES_HOST:
    ALLOWED_HOSTS.append(FILES_HOST.partition(":")[0])

# The lab
LAB_NAME = read.line("LAB_NAME", "Guidepost Dental Lab")
LAB_EMAIL = read.email_address("LAB_EMAIL", "cases@guidepost.example")
LAB_PHONE = read.text("LAB_PHONE", "(555) 010-0199")
LAB_ADDRESS = read.text("LAB_ADDRESS", "1200 Foundry Street, Suite 4\nPortland, ME 04101")
LAB_REGISTRATION = read.text("LAB_REGISTRATION")
LAB_TIME_ZONE = read.time_zone("LAB_TIME_ZONE", "America/New_York")
LAB_COUNTRY = read.country("LAB_COUNTRY", "US")
LAB_SUBDIVISION = read.subdivision("LAB_SUBDIVISION", LAB_COUNTRY)
# Beside the public holidays: days on which nobody works, and on which nobody does after noon.
LAB_CLOSED_DAYS = read.days("LAB_CLOSED_DAYS")
LAB_HALF_DAYS = read.days("LAB_HALF_DAYS")
LAB_TURNAROUND_DAYS = read.whole_number("LAB_TURNAROUND_DAYS", 10, at_least=1)
LAB_MANUFACTURING_DAYS = read.whole_number("LAB_MANUFACTURING_DAYS", 5, at_least=1)
# What a CBCT should be like; most labs publish these numbers (see cases/readiness.py).
LAB_VOXEL_RECOMMENDED_MM = read.number("LAB_VOXEL_RECOMMENDED_MM", 0.3)
LAB_VOXEL_LIMIT_MM = read.number("LAB_VOXEL_LIMIT_MM", 0.4)
LAB_LEAST_SLICES = read.whole_number("LAB_LEAST_SLICES", 100, at_least=0)
LAB_SCAN_MONTHS = read.whole_number("LAB_SCAN_MONTHS", 6, at_least=1)
BOOKING_NOTICE_HOURS = read.whole_number("BOOKING_NOTICE_HOURS", 24, at_least=0)

# Files
STAGING_DIR = Path(read.text("STAGING_DIR", str(DATA_DIR / "staging")))
# Whose STAGING_DIR it is: each host serves the queue of its own name.
STAGING_HOST = read.host_name("STAGING_HOST", "local")
MAX_UPLOAD_BYTES = read.whole_number("MAX_UPLOAD_BYTES", 4 * 1024**3, at_least=1)
# Bytes a second, over 20 s: a request that brings less is cut, and what came of a file is kept.
MIN_BODY_RATE = read.whole_number("MIN_BODY_RATE", 1024, at_least=0)
S3_BUCKET = read.text("S3_BUCKET")
# Where clamd looks for viruses in files that arrive; empty: nobody does.
CLAMD_SOCKET = read.clamd("CLAMD_SOCKET")

# So long a form that is not sent is kept since somebody typed in it or uploaded a file, and its
# files with it.
UNSENT_DAYS = read.whole_number("UNSENT_DAYS", 14, at_least=2)

# How much one person, practice, case or form can store or send at most. "_an_hour" counts the last
# hour; see the limits modules of the apps.
LIMITS = read.limits(
    "LIMITS",
    {
        "drafts_a_person": 20,
        "messages_an_hour_a_person": 60,
        "messages_an_hour_a_practice": 300,
        "cases_an_hour_a_person": 60,
        "cases_an_hour_a_practice": 200,
        "updates_an_hour_a_person": 60,
        "updates_an_hour_a_practice": 200,
        "archivings_an_hour_a_person": 600,
        "exports_an_hour_a_person": 20,
        "emergencies_an_hour_a_person": 30,
        "uploads_an_hour_a_person": 10_000,
        "uploads_an_hour_a_practice": 30_000,
        "unfinished_uploads_a_person": 200,
        "unsent_files_a_person": 20_000,
        "unsent_files_a_practice": 60_000,
        "unsent_gigabytes_a_person": 200,
        "unsent_gigabytes_a_practice": 500,
        "files_a_form": 2000,
        "files_a_case": 10_000,
        "invitations_an_hour_a_practice": 20,
        "people_a_practice": 300,
        "passkeys_a_person": 20,
        "sessions_a_person": 50,
    },
)

INSTALLED_APPS = [
    "portal.apps.LabAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "portal",
    "accounts",
    "cases",
    "scheduling",
]
MIDDLEWARE = [
    "portal.logs.RequestLog",
    # These stand outside of what answers by itself, such as the one for static files.
    "portal.http.middleware.more_headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "cases.files.files_host.files_only",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.http.middleware.not_stored",
    "portal.http.middleware.nothing_left",
    "portal.http.methods.known_methods",
    # First: the page of whatever error follows reads the form.
    "portal.http.bad_requests.readable_form",
    "portal.http.middleware.without_nul",
    "portal.limits.note_hits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.note_refusals",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionLimits",
    "accounts.middleware.SecondStep",
    "portal.http.bad_requests.RefuseBadRequests",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
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
                "portal.context_processors.lab",
                "accounts.context_processors.signed_in",
            ]
        },
    }
]

# Database
DATABASES = {"default": read.database("DATABASE_URL", f"sqlite:///{DATA_DIR}/portal.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        # A writer that waits its turn at BEGIN cannot fail half-way with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        # What the address itself says, such as ?sslmode=verify-full.
        **DATABASES["default"].get("OPTIONS", {}),
        # Seconds, but for tcp_user_timeout (ms): how long a server that is gone holds us up.
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        # What the server itself breaks off: a statement, waiting for a lock, an idle transaction.
        "options": (
            "-c statement_timeout=30s -c lock_timeout=10s"
            " -c idle_in_transaction_session_timeout=60s"
            # How long the server keeps the locks of a host that is gone.
            " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
            " -c tcp_user_timeout=10s"
        ),
    }
CACHES = {
    # In the database, so that sign-in limits hold over all processes and without a broker.
    "default": {
        "BACKEND": "portal.cache.DatabaseCache",
        "LOCATION": "portal_cache",
        # With more, those that are over are cleared away.
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}

# Storage of files
STORAGES = {
    "default": {
        "BACKEND": "portal.files.disk.Disk",
        "OPTIONS": {
            "location": DATA_DIR / "storage",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {"BACKEND": "portal.static_files.StaticFiles"},
}
if S3_BUCKET:
    # A tenth of a second that only an installation with S3 should pay.
    from botocore.config import Config

    STORAGES["default"] = {
        "BACKEND": "portal.files.s3.Bucket",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": read.text("S3_ENDPOINT_URL") or None,
            "region_name": read.text("S3_REGION") or None,
            "access_key": read.text("S3_ACCESS_KEY_ID") or None,
            "secret_key": read.text("S3_SECRET_ACCESS_KEY") or None,
            "client_config": Config(
                # Without it, links are signed by the outdated version 2.
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                # With two tries, a storage that hangs is given up before a short task's limit.
                connect_timeout=5,
                read_timeout=10,
                retries={"mode": "standard", "total_max_attempts": 2},
            ),
            # With 0, the default, an object is spooled in memory as a whole.
            "max_memory_size": 16 * 1024**2,
            "file_overwrite": False,
            "default_acl": None,
            "querystring_expire": 60,
            "object_parameters": {"ServerSideEncryption": "AES256"},
        },
    }
STATIC_URL = "/static/"
STATIC_ROOT = Path(read.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Nobody else's pages may use them.
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Mail
EMAIL = read.email("EMAIL_URL", "filemail:///")
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
if EMAIL_BACKEND.endswith("filebased.EmailBackend"):
    EMAIL_BACKEND = "portal.mail.folder.EmailBackend"
    EMAIL_FILE_PATH = EMAIL["EMAIL_FILE_PATH"].rstrip("/") or str(DATA_DIR / "mail")
EMAIL_HOST = EMAIL.get("EMAIL_HOST", "localhost")
EMAIL_PORT = EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = formataddr((LAB_NAME, LAB_EMAIL))

# Work
CELERY_BROKER_URL = read.broker("CELERY_BROKER_URL", f"redis+socket://{DATA_DIR}/valkey.sock")
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A request hands over after its commit and must not wait long for a hint to be taken.
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    "max_retries": 1,
    "interval_start": 0,
    # Longer than the longest task (store_attachment); the sweep is far quicker anyway.
    "visibility_timeout": 3 * 3600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker waits for its broker for ever; the default gives up after 100 tries.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Fonts stay in memory after a PDF; a process that grew beyond this (in KiB) is replaced.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300 * 1024
# Less than the lease of work; storing a file takes longer, renews its lease and says so itself.
CELERY_TASK_TIME_LIMIT = 50
# Breaks off a task whose dependency drips, in time for it to write down what it waits for: one
# more try of S3, which botocore makes of any interruption, ends before the limit above.
CELERY_TASK_SOFT_TIME_LIMIT = 30
CELERY_TASK_DEFAULT_QUEUE = "portal"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "portal.periodic.sweep", "schedule": 30, "options": {"expires": 30}},
    "call hosts": {
        "task": "portal.periodic.call_hosts",
        "schedule": 30,
        "options": {"expires": 30},
    },
    "expire uploads": {
        "task": "cases.periodic.expire_uploads",
        "schedule": 120,
        "options": {"expires": 120},
    },
    "remind of unsent": {
        "task": "cases.periodic.remind_of_unsent",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "abort old uploads": {
        "task": "portal.periodic.abort_old_uploads",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "clear sessions": {
        "task": "portal.periodic.clear_sessions",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "link access log": {
        "task": "accounts.periodic.link_access_log",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "forget unsent": {"task": "accounts.periodic.forget_unsent", "schedule": 24 * 3600},
    "forget invitations": {"task": "accounts.periodic.forget_invitations", "schedule": 24 * 3600},
    "open blocks": {"task": "scheduling.periodic.open_blocks", "schedule": 24 * 3600},
}

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.sign_in.passwords.NotBuiltOnACommonWord"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "cases:list"
ACCOUNT_ADAPTER = "accounts.sign_in.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# The lab makes every account and types its address, so there is nothing left to prove by mail.
ACCOUNT_EMAIL_VERIFICATION = "none"
# The library's own one would write each address into a table of its own, as not verified.
TOKENS = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = TOKENS
# Whatever stands in that table: it must keep nobody from setting up a second step.
MFA_ALLOW_UNVERIFIED_EMAIL = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "login": "accounts.sign_in.forms.SignInForm",
    "reset_password": "accounts.sign_in.forms.ForgottenPasswordForm",
}
# A session lasts as long as the browser is open, and no longer than the limits below.
ACCOUNT_SESSION_REMEMBER = False
# Minutes without a sign of somebody after which they are signed out, on the server.
IDLE_MINUTES = read.whole_number("IDLE_MINUTES", 30, at_least=3)
SIGNED_IN_HOURS = 12
ATTEMPTS = "10/15m"
ACCOUNT_RATE_LIMITS = {
    # Passwords and codes, each counted before it is looked at: see accounts/sign_in/rate_limits.py.
    "attempts_at_account": f"{ATTEMPTS}/key",
    "attempts_from_address": f"{ATTEMPTS}/ip",
    "attempts_on_known_device": f"{ATTEMPTS}/key",
    # Each is a session; a practice that shares an address may sign in all at once.
    "ask_passkey": "60/15m/ip",
    # Counted by the library on top, for one code and one account.
    "login_failed": f"{ATTEMPTS}/key",
    "reset_password": f"{ATTEMPTS}/ip,{ATTEMPTS}/key",
    "change_password": f"{ATTEMPTS}/user",
    "reauthenticate": f"{ATTEMPTS}/user",
}
MFA_ADAPTER = "accounts.sign_in.second_step.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A code that is typed slowly, or by a phone whose clock is half a minute off, still counts.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "accounts.sign_in.forms.CodeForm",
    "reauthenticate": "accounts.sign_in.forms.CodeAgainForm",
    "activate_totp": "accounts.sign_in.forms.NewAppForm",
    "add_webauthn": "accounts.sign_in.forms.NewPasskeyForm",
    "edit_webauthn": "accounts.sign_in.forms.PasskeyNameForm",
    "authenticate_webauthn": "accounts.sign_in.forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.sign_in.forms.PasskeyAgainForm",
    "login_webauthn": "accounts.sign_in.forms.PasskeyAloneForm",
}
# How many proxies stand before the portal. Sign-in limits count by the address they name; with
# too few, all people share one, and with too many, everybody chooses one.
ALLAUTH_TRUSTED_PROXY_COUNT = read.whole_number("PROXIES", 0, at_least=0)
PASSWORD_RESET_TIMEOUT = 3600

# Time
TIME_ZONE = LAB_TIME_ZONE
FORMAT_MODULE_PATH = "portal.writing.locale"

# Security
HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
# No other host of the domain and no page by http can set or replace a cookie of such a name. By
# http, as on a developer's machine, browsers refuse it.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
# Lax, not Strict: who comes by a link in a mail is signed in already.
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
# static/js reads it: after a new sign-in in another window, an open form goes on with its token.
CSRF_COOKIE_HTTPONLY = False
# Not in a cookie, which would carry case numbers.
MESSAGE_STORAGE = "portal.http.message_storage.NewestMessages"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # Bootstrap draws its arrows and ticks, and allauth its QR codes, as data: images.
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # Not require-trusted-types-for: htmx and the jQuery of admin write HTML.
        "upgrade-insecure-requests": HTTPS,
    }
}
# The form itself is small: files come through /files/. 10,000 characters of description may be
# 100,000 when somebody tries, and must then get a sentence, not a refused request.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 0

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Operations
METRICS_TOKEN = read.text("METRICS_TOKEN")
# Lines for people while everything is embedded, one JSON object each for the machines of a lab.
LOG_FORMAT = read.choice(
    "LOG_FORMAT", "json" if read.text("DATABASE_URL") else "text", ["json", "text"]
)
SILENT = {"handlers": [], "level": "CRITICAL", "propagate": False}
STDERR = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "portal.logs.formatter", "form": LOG_FORMAT, "quote": DEBUG}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": STDERR,
        "gunicorn.error": STDERR,
        # RequestLog says the same without the address.
        "django.request": SILENT,
        "django.server": SILENT,
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "WARNING"},
    },
}
