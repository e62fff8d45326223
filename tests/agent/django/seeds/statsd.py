INSTALLED_APPS = [
    'hwaas'
    'django_statsd',
]
MIDDLEWARE_CLASSES = [
    'django_statsd.middleware.GraphiteMiddleware',
]
STATSD_CLIENT = 'django_statsd.clients.normal'
STATSD_HOST = 'bigend.hwaas.internal'
STATSD_PORT = 10021
