"""Checks for conn-check from the settings of an application.

The mapping is done by the program conn-check-configs; this package reads the settings with the
application's own Python, and keeps the scripts working that were written for the package of the
same name: see conn_check_configs.django.
"""
