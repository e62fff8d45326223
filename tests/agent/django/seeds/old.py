# A project of the time of Django 1.8. The names in capitals above are the services of the test.
import os

PROJECT_ROOT = os.path.dirname(os.path.abspath(__file__))
SECRET_KEY = 'not-for-anybody'
DEBUG = False
TEMPLATE_DEBUG = DEBUG
SITE_ID = 1
INSTALLED_APPS = (
    'django.contrib.messages',
    'django.contrib.staticfiles',
)
MIDDLEWARE_CLASSES = (
    'django.middleware.common.CommonMiddleware',
)
TEMPLATE_DIRS = (os.path.join(PROJECT_ROOT, 'templates'),)

DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.postgresql_psycopg2',
        'NAME': 'shop',
        'USER': 'app',
        'PASSWORD': POSTGRES_PASSWORD,
        'HOST': '127.0.0.1',
        'PORT': int(POSTGRES_PORT),
        'TEST_CHARSET': 'UTF8',
    },
    'legacy': {
        'ENGINE': 'django.db.backends.mysql',
        'NAME': 'shop',
        'USER': 'app',
        'PASSWORD': MYSQL_PASSWORD,
        'HOST': '127.0.0.1',
        'PORT': MYSQL_PORT,
    },
}

CACHES = {
    'default': {
        'BACKEND': 'django.core.cache.backends.memcached.MemcachedCache',
        'LOCATION': '%s;%s' % (CACHE_A, CACHE_B),
    },
    'near': {
        'BACKEND': 'django.core.cache.backends.memcached.PyLibMCCache',
        'LOCATION': (CACHE_SOCKET,),
    },
}

BROKER_HOST = '127.0.0.1'
BROKER_PORT = RABBIT_PORT
BROKER_USER = 'app'
BROKER_PASSWORD = RABBIT_PASSWORD
BROKER_VHOST = 'app'
CELERY_RESULT_BACKEND = 'amqp'

OOPSES = {
    'template': {'reporter': 'shop'},
    'publishers': [
        {
            'type': 'amqp',
            'host': '127.0.0.1',
            'port': RABBIT_PORT,
            'user': 'app',
            'password': RABBIT_PASSWORD,
            'vhost': '/',
            'exchange_name': 'oopses',
            'routing_key': 'oops',
        },
        {'type': 'datedir', 'error_dir': '/srv/shop/oops'},
    ],
}

EMAIL_HOST = '127.0.0.1'
EMAIL_PORT = MAIL_PORT
EMAIL_HOST_USER = ''
EMAIL_HOST_PASSWORD = ''

STATSD_HOST = '127.0.0.1:' + STATSD_PORT_HERE
