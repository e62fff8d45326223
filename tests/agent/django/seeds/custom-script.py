#!/usr/bin/env python
from conn_check_configs.django import run, EXTRA_CHECK_MAKERS

def make_proxied_translate_check(settings, options):
    checks = []
    if settings['PROXY_HOST']:
        checks.append({
            'type': 'http',
            'url': 'https://www.googleapis.com/language/translate/v2?q='
                   'Hello%20World&target=de&source=en&key={}'.format(
                       settings['TRANSLATE_API_KEY']),
            'proxy_host': settings['PROXY_HOST'],
            'proxy_port': int(settings.get('PROXY_PORT', 8080)),
            'expected_code': 200,
        })
    return checks

EXTRA_CHECK_MAKERS.append(make_proxied_translate_check)

if __name__ == '__main__':
    run()
