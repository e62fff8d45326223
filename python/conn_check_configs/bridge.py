"""Reads a Django settings module and says as JSON what in it names other services.

Plain Python, from 2.7 on, and nothing but the standard library: it runs in the application's own
environment. The program conn-check-configs has this file in it and runs it as

    python -c 'import sys; exec(sys.stdin.read())' SETTINGS_MODULE

with this file as standard input, and conn_check_configs.django imports it. What is found is written between two marks, so that
nothing else that is printed can be taken for it, and never into a file: there are passwords in it.
"""

from __future__ import absolute_import, unicode_literals

import contextlib
import importlib
import json
import os
import re
import sys
import traceback

# The settings that name other services in a way of their own.
NAMES = (
    'DATABASES', 'CACHES', 'CHANNEL_LAYERS', 'HAYSTACK_CONNECTIONS', 'ELASTICSEARCH_DSL',
    'BROKER_TRANSPORT_OPTIONS', 'CELERY_BROKER_TRANSPORT_OPTIONS',
    'CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS', 'RESULT_BACKEND_TRANSPORT_OPTIONS',
    'BROKER_URL', 'CELERY_BROKER_URL', 'CELERY_RESULT_BACKEND', 'RESULT_BACKEND',
    'CELERY_RESULT_BACKEND_URL', 'BROKER_USE_SSL', 'CELERY_BROKER_USE_SSL', 'BROKER_HOST',
    'BROKER_PORT', 'BROKER_USER', 'BROKER_PASSWORD', 'BROKER_VHOST', 'BROKER_TRANSPORT',
    'BROKER_BACKEND', 'CELERY_BROKER_HOST', 'CELERY_BROKER_PORT', 'CELERY_BROKER_USER',
    'CELERY_BROKER_PASSWORD', 'CELERY_BROKER_VHOST', 'CELERY_BROKER_TRANSPORT',
    'CELERY_REDIS_BACKEND_USE_SSL', 'REDIS_BACKEND_USE_SSL',
    'OOPS', 'OOPSES', 'STATSD_HOST', 'STATSD_PORT',
    'EMAIL_BACKEND', 'EMAIL_HOST', 'EMAIL_PORT', 'EMAIL_HOST_USER', 'EMAIL_HOST_PASSWORD',
    'EMAIL_USE_TLS', 'EMAIL_USE_SSL', 'EMAIL_SSL_CERTFILE', 'EMAIL_SSL_KEYFILE',
    'DEFAULT_FROM_EMAIL', 'SERVER_EMAIL',
    'SENTRY_DSN', 'RAVEN_DSN', 'RAVEN_CONFIG',
    'SESSION_REDIS', 'SESSION_REDIS_URL', 'SESSION_REDIS_UNIX_DOMAIN_SOCKET_PATH',
    'SESSION_REDIS_HOST', 'SESSION_REDIS_PORT', 'SESSION_REDIS_DB', 'SESSION_REDIS_PASSWORD',
    'INSTALLED_APPS', 'MEDIA_ROOT',
)

# Settings that are keys and nothing else, whatever they are called besides; they stay here.
KEYS = ('SECRET_KEY', 'SIGNING_KEY', 'PRIVATE_KEY', 'ENCRYPTION_KEY')

# Settings of Django's own with hosts and URLs in them that nobody connects to; all others of its own are known where
# there is a Django.
DJANGOS = (
    'ADMINS', 'ALLOWED_HOSTS', 'CSRF_COOKIE_DOMAIN', 'CSRF_TRUSTED_ORIGINS', 'INTERNAL_IPS', 'LANGUAGE_COOKIE_DOMAIN',
    'LOGIN_REDIRECT_URL', 'LOGIN_URL', 'LOGOUT_REDIRECT_URL', 'MANAGERS', 'MEDIA_URL', 'SECURE_SSL_HOST',
    'SESSION_COOKIE_DOMAIN', 'STATIC_URL',
)

# Settings of Django's own that name services through an application's options.
OF_SERVICES = ('STORAGES', 'DEFAULT_FILE_STORAGE', 'STATICFILES_STORAGE', 'LOGGING')

# What is handed over stands behind these two; the second one says that it is whole.
BEGIN = '\n--- conn-check settings begin ---\n'
END = '\n--- conn-check settings end ---\n'

# A value that JSON has no word for is an object with this key, and says what it is.
UNUSABLE = '$unusable'

# Settings refer to themselves, rarely.
DEEPEST = 10

# The whole numbers that are handed over: signed or not, of 64 bits.
SMALLEST, LARGEST = -2 ** 63, 2 ** 64 - 1

TEXT = type('')
LARGE = getattr(sys.modules.get('builtins') or sys.modules.get('__builtin__'), 'long', int)
KEEPS_ORDER = sys.version_info >= (3, 6)


class Refused(Exception):
    """What a person has to read: why there are no settings."""


class SettingsDict(dict):
    """The settings as a dictionary that has None for names that are not there.

    `given` holds what the module itself says; the rest are Django's defaults.
    """

    def __init__(self, given, defaults=None):
        dict.__init__(self, defaults or {})
        self.update(given)
        self.given = dict(given)
        self.defaults = dict(defaults or {})

    def __missing__(self, name):
        return None


def read(module):
    """The settings of a module, by its name as Python imports it."""
    module = module or os.environ.get('DJANGO_SETTINGS_MODULE')
    if not module:
        raise Refused('no settings module is named: say -m MODULE, or set DJANGO_SETTINGS_MODULE')
    os.environ['DJANGO_SETTINGS_MODULE'] = str(module)
    with naming_the_module(module):
        if os.environ.get('DJANGO_CONFIGURATION'):
            # The settings are a class, which this puts into the module.
            importlib.import_module('configurations.importer').install()
        found = importlib.import_module(module)
    return SettingsDict(settings_of(found), defaults())


def settings_of(module):
    """By Django's rule: what is written in capitals."""
    return dict((name, getattr(module, name)) for name in dir(module) if name.isupper())


def defaults():
    """Django's own, where there is a Django."""
    try:
        return settings_of(importlib.import_module('django.conf.global_settings'))
    except Exception:  # Not there, or not made for this Python: the application's affair.
        return {}


@contextlib.contextmanager
def naming_the_module(module):
    """Turns whatever a settings module does instead of being read into one sentence."""
    try:
        yield
    except Refused:
        raise
    except KeyboardInterrupt:
        raise Refused('interrupted')
    except SystemExit as error:
        code = shown(error.code) if error.code else ''
        raise Refused('the settings module %s calls exit(%s)%s' % (shown(module), code, place()))
    except BaseException as error:
        if is_missing(error, module):
            raise Refused('%s, so there is no settings module %s: run this in the directory that '
                          'manage.py is in, or set PYTHONPATH' % (last_line(), shown(module)))
        raise Refused('the settings module %s cannot be imported: %s%s' % (shown(module), last_line(), place()))


def is_missing(error, module):
    """Whether it is the module itself, or a package it is in, that is not there."""
    # A name that a module lacks is an ImportError, too: from shop import nothing_there
    if not isinstance(error, ImportError) or not as_text(error).startswith('No module named'):
        return False
    name = getattr(error, 'name', None)
    if name is None and sys.version_info < (3, 3):
        # In the words of Python 2: No module named settings
        name = str(error).rpartition(' ')[2]
        return name and ('.' + module + '.').endswith('.' + name + '.') and in_our_own_files()
    return bool(name) and (module + '.').startswith(name + '.')


def in_our_own_files():
    return not [frame for frame in frames() if is_of_the_application(frame[0])]


def last_line():
    """The last line of a traceback."""
    kind, error = sys.exc_info()[:2]
    try:
        lines = traceback.format_exception_only(kind, error)
    except Exception:  # An exception that cannot even be shown.
        return kind.__name__
    return shown(lines[-1])


def shown(value):
    """One line for people: at most 300 characters, and no password of a URL."""
    text = re.sub(r'://\S*@', '://***@', as_text(value).strip())
    text = re.sub('[\x00-\x1f\x7f-\x9f]', lambda found: '\\x%02x' % ord(found.group()), text)
    return text if len(text) <= 300 else text[:300] + '...'


def place():
    """Where it happened, in the application's files; empty where it was in none."""
    error = sys.exc_info()[1]
    if isinstance(error, SyntaxError) and error.filename:
        return ' (%s, line %s)' % (shown(error.filename), error.lineno)
    # Where the application calls a library that fails, it is the call that somebody can change.
    found = frames()
    found = [frame for frame in found if is_of_the_application(frame[0])] or found
    return ' (%s, line %s)' % (shown(found[-1][0]), found[-1][1]) if found else ''


def frames():
    """The places that it came through, but for those of this package and of Python's own importing."""
    own = os.path.dirname(os.path.abspath(__file__)) if '__file__' in globals() else None
    all_frames = traceback.extract_tb(sys.exc_info()[2])
    inside = os.path.join(os.path.dirname(os.__file__), 'importlib') + os.sep
    return [frame for frame in all_frames
            if not frame[0].startswith('<') and not frame[0].startswith(inside)
            and not (own and frame[0].startswith(own + os.sep))]


def is_of_the_application(path):
    """Whether it is neither Python's nor an installed library's."""
    library = os.path.dirname(os.__file__) + os.sep
    installed = [os.sep + folder + os.sep for folder in ('site-packages', 'dist-packages')]
    return not path.startswith(library) and not any(folder in path for folder in installed)


def document(settings, checks=(), statsd=None, options=None):
    """What the program is told."""
    relevant = dict((name, settings.given[name]) for name in NAMES if name in settings.given)
    return {
        'settings': plain(relevant),
        'others': plain(others(settings)),
        'checks': [plain(check) for check in checks],
        'statsd': plain(statsd or {}),
        'options': plain(options or {}),
    }


def others(settings):
    """All other settings of the application: any may name a host. Django's own do not, and keys stay here."""
    return dict((name, value) for name, value in settings.given.items()
                if name not in NAMES and not any(key in name for key in KEYS)
                and name not in DJANGOS and (name not in settings.defaults or name in OF_SERVICES))


def plain(value, depth=0):
    """A value as JSON can say it."""
    if depth > DEEPEST:
        return unusable('nested more than %d deep' % DEEPEST)
    try:
        return plainly(value, depth)
    except Exception as error:  # Lazy values run the application's code.
        return unusable('a value that fails with %s when it is read' % type(error).__name__)


def plainly(value, depth):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(getattr(value, 'value', None), (TEXT, bytes, int)) and hasattr(type(value), '__members__'):
        return plainly(value.value, depth)
    if isinstance(value, (int, LARGE)):
        # Python has no largest number; JSON is read by programs that have one.
        return int(value) if SMALLEST <= value <= LARGEST else unusable('a number of more than 64 bits')
    if isinstance(value, float):
        return value if value - value == 0 else unusable('the number %r' % value)
    if isinstance(value, (TEXT, bytes)):
        return as_text_or_unusable(value)
    if hasattr(value, 'keys') and hasattr(value, '__getitem__'):
        return mapping(value, depth)
    if isinstance(value, (list, tuple)):
        return [plain(one, depth + 1) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(one, depth + 1) for one in value), key=repr)
    if is_queue(value):
        # Of a queue of Celery, which may be called as a function, its name is meant.
        return plain(value.name, depth + 1)
    return as_text_or_unusable(said(value)) if said(value) is not None else unusable(named(value))


def mapping(value, depth):
    names = list(value.keys())
    if not KEEPS_ORDER and isinstance(value, dict) and type(value).__name__ != 'OrderedDict':
        # Old dictionaries have no order; a file that changes with every run is no help.
        names.sort(key=lambda name: (name != 'type', as_text(name)))
    return Ordered([(as_text(name), plain(value[name], depth + 1)) for name in names])


def is_queue(value):
    return any((one.__module__, one.__name__) == ('kombu.entity', 'Queue') for one in type(value).__mro__)


def said(value):
    """The text that an object stands for, or None."""
    if isinstance(value, type) or callable(value):
        return None
    reveal = getattr(value, 'get_secret_value', None)
    if callable(reveal):
        return reveal()
    kind = type(value)
    family = ' '.join('%s.%s' % (one.__module__, one.__name__) for one in kind.__mro__)
    if hasattr(value, 'isoformat'):
        return value.isoformat()
    if hasattr(value, '__fspath__') or 'pathlib' in family:
        return str(value)
    if 'django.utils.functional' in family or kind.__module__ in ('decimal', 'uuid', 'ipaddress', 'yarl', 'furl.furl'):
        return TEXT(value)
    if hasattr(value, 'geturl'):
        return value.geturl()
    return None


def named(value):
    if isinstance(value, type):
        return 'the class %s' % value.__name__
    if callable(value):
        return 'a function'
    return 'an object of the class %s' % type(value).__name__


def unusable(what):
    return {UNUSABLE: what}


def as_text_or_unusable(value):
    try:
        text = value.decode('utf-8') if isinstance(value, bytes) else TEXT(value)
        # A lone surrogate is what Python makes of bytes that are not text.
        text.encode('utf-8')
        return text
    except UnicodeError:
        return unusable('bytes that are not UTF-8')


def as_text(value):
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    return TEXT(value).encode('utf-8', 'replace').decode('utf-8')


class Ordered(dict):
    """Pairs that json.dumps writes in the order they have, with every Python."""

    def __init__(self, pairs):
        dict.__init__(self, pairs)
        self.order = []
        for name, _ in pairs:
            if name not in self.order:
                self.order.append(name)

    def items(self):
        return [(name, self[name]) for name in self.order]

    def __iter__(self):
        return iter(self.order)

    keys = __iter__
    iteritems = items


def as_json(told):
    return json.dumps(told, separators=(',', ':'))


@contextlib.contextmanager
def quiet_output():
    """Gives a copy of standard output, which leads to standard error meanwhile.

    Settings print; what they print must not stand in what is handed over. Programs that they start
    do not get the copy.
    """
    flush()
    fill_gaps()
    copy = os.dup(1)
    close_on_exec(copy)
    os.dup2(2, 1)
    try:
        yield copy
    finally:
        flush()
        os.dup2(copy, 1)
        os.close(copy)


def fill_gaps():
    """Opens the standard streams that were closed: any other file would take their place."""
    while True:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere > 2:
            os.close(nowhere)
            return


def close_on_exec(descriptor):
    import fcntl
    fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.fcntl(descriptor, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # The settings may have put anything in its place.
            pass


def write(descriptor, text):
    rest = text.encode('utf-8')
    while rest:
        rest = rest[os.write(descriptor, rest):]


def end_with_parent():
    """Ends this process when the program that reads it ends, whatever the settings wait for."""
    parent = os.getppid()
    try:
        # prctl(2): PR_SET_PDEATHSIG, SIGKILL
        importlib.import_module('ctypes').CDLL(None).prctl(1, 9, 0, 0, 0)
    except Exception:  # Not every Python has ctypes; then --timeout is what ends it.
        return
    if os.getppid() != parent:
        os._exit(0)


def serve(arguments):
    """Reads the settings and writes what there is to say; leaves no thread or exit handler a turn."""
    end_with_parent()
    own = os.getpid()
    with quiet_output() as descriptor:
        try:
            told = document(read(arguments[0] if arguments else None))
        except Refused as refused:
            told = {'refused': as_text(refused.args[0])}
        # A process that the settings have forked comes by here, too.
        if os.getpid() == own:
            write(descriptor, BEGIN + as_json(told) + END)
        flush()
        os._exit(0)


if __name__ == '__main__':
    serve(sys.argv[1:])
