#!/usr/bin/env python
from conn_check_configs.django import run

if __name__ == '__main__':
    run()
