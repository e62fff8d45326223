# A project of today. The names in capitals above are the services of the test.
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = 'not-for-anybody'
USE_TZ = True
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
INSTALLED_APPS = [
    'django.contrib.messages',
    'django.contrib.staticfiles',
]

DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': 'shop',
        'USER': 'app',
        'PASSWORD': POSTGRES_PASSWORD,
        'HOST': '127.0.0.1',
        'PORT': POSTGRES_PORT,
        'CONN_MAX_AGE': 60,
        'OPTIONS': {'sslmode': 'disable'},
    },
    'reports': {
        'ENGINE': 'django.contrib.gis.db.backends.postgis',
        'NAME': 'shop',
        'USER': 'open',
        'HOST': POSTGRES_SOCKET,
        'PORT': int(POSTGRES_PORT),
    },
    'legacy': {
        'ENGINE': 'django.db.backends.mysql',
        'NAME': 'shop',
        'USER': 'app',
        'PASSWORD': MYSQL_PASSWORD,
        'HOST': '127.0.0.1',
        'PORT': MYSQL_PORT,
        'OPTIONS': {'charset': 'utf8mb4'},
    },
    'legacy_socket': {
        'ENGINE': 'django.db.backends.mysql',
        'NAME': 'shop',
        'USER': 'app',
        'PASSWORD': MYSQL_PASSWORD,
        'HOST': MYSQL_SOCKET,
        'PORT': '',
    },
    'local': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': BASE_DIR / 'db.sqlite3',
    },
}

CACHES = {
    'default': {
        'BACKEND': 'django.core.cache.backends.memcached.PyMemcacheCache',
        'LOCATION': CACHE_A,
    },
    'ring': {
        'BACKEND': 'django.core.cache.backends.memcached.PyLibMCCache',
        'LOCATION': [CACHE_A, CACHE_B],
        'KEY_FUNCTION': lambda key, prefix, version: key,
    },
    'near': {
        'BACKEND': 'django.core.cache.backends.memcached.PyMemcacheCache',
        'LOCATION': 'unix:' + CACHE_SOCKET,
    },
    'redis': {
        'BACKEND': 'django.core.cache.backends.redis.RedisCache',
        'LOCATION': 'redis://:%s@%s' % (REDIS_PASSWORD, REDIS),
        'OPTIONS': {'db': '2'},
    },
    'process': {
        'BACKEND': 'django.core.cache.backends.locmem.LocMemCache',
        'LOCATION': 'unique-snowflake',
    },
}

CHANNEL_LAYERS = {
    'default': {
        'BACKEND': 'channels_redis.core.RedisChannelLayer',
        'CONFIG': {'hosts': [{'host': '127.0.0.1', 'port': int(REDIS_PORT), 'password': REDIS_PASSWORD, 'db': 3}]},
    },
}

CELERY_BROKER_URL = 'amqp://app:%s@127.0.0.1:%s/app' % (RABBIT_PASSWORD, RABBIT_PORT)
CELERY_RESULT_BACKEND = 'redis://:%s@%s/1' % (REDIS_PASSWORD, REDIS)

EMAIL_HOST = '127.0.0.1'
EMAIL_PORT = int(MAIL_PORT)
EMAIL_HOST_USER = 'postmaster@mail.test'
EMAIL_HOST_PASSWORD = MAIL_PASSWORD
DEFAULT_FROM_EMAIL = 'The shop <shop@mail.test>'

STATSD_HOST = '127.0.0.1'
STATSD_PORT = int(STATSD_PORT_HERE)
