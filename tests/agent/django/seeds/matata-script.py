#!/usr/bin/env python
from conn_check_configs.django import run, STATSD_CHECK

STATSD_CHECK['send'] = 'Hakuna'
STATSD_CHECK['expect'] = 'Matata'

if __name__ == '__main__':
    run()
