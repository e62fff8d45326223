"""Checks from Django settings, with further ones of a script's own.

    from conn_check_configs.django import run, EXTRA_CHECK_MAKERS, STATSD_CHECK

    def make_search_check(settings, options):
        return [{'type': 'tcp', 'host': settings['SEARCH_HOST'], 'port': 9200}]

    EXTRA_CHECK_MAKERS.append(make_search_check)

    if __name__ == '__main__':
        run()

The settings are imported by this Python; the program conn-check-configs turns them into checks and
writes the file. It gets them through its standard input.
"""

from __future__ import absolute_import, unicode_literals

import argparse
import os
import subprocess
import sys

from conn_check_configs import bridge
from conn_check_configs.bridge import Refused, SettingsDict

__all__ = ['EXTRA_CHECK_MAKERS', 'STATSD_CHECK', 'SettingsDict', 'main', 'run']

# Functions that are called with the settings and the options and return a list of checks.
EXTRA_CHECK_MAKERS = []

# What is sent to the metrics service, and what it must answer; nothing: sending is enough.
STATSD_CHECK = {
    'send': 'conncheck.test:1|c',
    'expect': '',
}

PROGRAM = 'conn-check-configs'

# As the program itself: usage, or settings that cannot be read.
UNKNOWN = 3


def run():
    """The whole program of a script; ends the process."""
    sys.exit(main(*sys.argv[1:]))


def main(*arguments):
    """Writes the checks; the exit status."""
    options = parser().parse_args(arguments)
    if options.statsd_send:
        STATSD_CHECK['send'] = options.statsd_send
    if options.statsd_expect:
        STATSD_CHECK['expect'] = options.statsd_expect
    own = os.getpid()
    try:
        program = find_program()
        with bridge.quiet_output():
            told = bridge.as_json(gather(options))
        if os.getpid() != own:
            # A process that the settings have forked: the file is for the first one to write.
            os._exit(0)
        return hand_over(program, told)
    except Refused as refused:
        # As bytes: an old Python takes a terminal that says nothing of its encoding for one of ASCII.
        name = bridge.as_text(os.path.basename(sys.argv[0]))
        bridge.write(2, bridge.as_text(name + ': ') + bridge.as_text(refused.args[0]) + '\n')
        return UNKNOWN


class Parser(argparse.ArgumentParser):
    """Has the exit status that all programs of conn-check have for a wrong command line."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(UNKNOWN, '%s: error: %s\n' % (self.prog, message))


def parser():
    """The command line; the old spellings all work."""
    wanted = Parser(description='Writes checks for conn-check from Django settings.')
    wanted.add_argument('-f', '--output-file', '--file', dest='output_file', metavar='FILE',
                        help='write to this file instead of standard output')
    wanted.add_argument('-m', '--settings-module', dest='settings_module', metavar='MODULE',
                        help='the settings, as Python imports them (default: DJANGO_SETTINGS_MODULE)')
    wanted.add_argument('-d', '--database-name', '--db-name', dest='db_name', metavar='NAME',
                        help='the database, where the settings name none')
    wanted.add_argument('--statsd-send', '--statsd_send', dest='statsd_send', metavar='TEXT',
                        help='what to send to statsd')
    wanted.add_argument('--statsd-expect', '--statsd_expect', dest='statsd_expect', metavar='TEXT',
                        help='what statsd must answer')
    wanted.add_argument('--secrets', dest='secrets', choices=['inline', 'env', 'file'],
                        help='where passwords go (default: into the file)')
    wanted.add_argument('--strict', dest='strict', action='store_true',
                        help='exit status 1 where something could not be mapped (it is a comment in the file)')
    wanted.add_argument('-p', '--print', dest='print', action='store_true',
                        help='accepted for old scripts, and without effect')
    return wanted


def gather(options):
    """What the program is told: settings, checks of the script's own, options."""
    settings = bridge.read(options.settings_module)
    checks = []
    for maker in EXTRA_CHECK_MAKERS:
        checks.extend(made(maker, settings, options))
    wanted = {'output_file': options.output_file, 'db_name': options.db_name, 'secrets': options.secrets,
              'strict': options.strict}
    return bridge.document(settings, checks, STATSD_CHECK, wanted)


def made(maker, settings, options):
    """The checks of one function; one that returns nothing has none."""
    name = getattr(maker, '__name__', repr(maker))
    try:
        checks = list(maker(settings, options) or [])
    except Exception:
        raise Refused('%s of EXTRA_CHECK_MAKERS fails: %s%s' % (bridge.shown(name), bridge.last_line(), bridge.place()))
    for check in checks:
        if not hasattr(check, 'keys'):
            raise Refused('%s of EXTRA_CHECK_MAKERS returns a list with %s in it: dictionaries are wanted'
                          % (bridge.shown(name), bridge.named(check)))
    return checks


def find_program():
    """The path of conn-check-configs."""
    named = os.environ.get('CONN_CHECK_CONFIGS')
    if named:
        if is_program(named):
            return named
        raise Refused('CONN_CHECK_CONFIGS=%s is no program' % named)
    folders = os.environ.get('PATH', '').split(os.pathsep) + ['/usr/local/bin', '/usr/bin']
    for folder in folders:
        path = os.path.join(folder, PROGRAM)
        if folder and is_program(path):
            return path
    raise Refused('the program %s is on no path: install conn-check, or say where it is with '
                  'CONN_CHECK_CONFIGS=/path/to/%s' % (PROGRAM, PROGRAM))


def is_program(path):
    return os.path.isfile(path) and os.access(path, os.X_OK)


def hand_over(program, told):
    """Runs the program; its exit status."""
    try:
        child = subprocess.Popen([program, 'django', '--bridge', '-'], stdin=subprocess.PIPE)
        child.communicate(told.encode('utf-8'))
    except (OSError, IOError) as error:
        raise Refused('%s: %s' % (program, bridge.shown(error)))
    return child.returncode if child.returncode >= 0 else UNKNOWN


if __name__ == '__main__':
    run()
