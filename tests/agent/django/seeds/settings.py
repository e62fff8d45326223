INSTALLED_APPS = [
    'hwaas'
]
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.postgresql_psycopg2',
        'HOST': 'gibson.hwass.internal',
        'NAME': 'hwaas_production',
        'PASSWORD': '123456asdf',
        'PORT': 11211,
        'USER': 'hwaas',
    },
}
CACHES = {
    'default': {
        'LOCATION': 'freeside.hwaas.internal:11211',
        'BACKEND': 'django.core.cache.backends.memcached.MemcachedCache',
    },
}
PROXY_HOST = 'countzero.hwaas.internal'
PROXY_PORT = 8080
TRANSLATE_API_KEY = 'BLAH'
