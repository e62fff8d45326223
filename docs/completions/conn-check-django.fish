complete -c conn-check-django -s m -l settings-module -d 'The settings, as Python imports them from this directory [default: `DJANGO_SETTINGS_MODULE`]' -r
complete -c conn-check-django -l python -d 'The application\'s Python [default: that of `VIRTUAL_ENV`, else python3, else python]' -r -F
complete -c conn-check-django -l timeout -d 'Importing the settings may take so long' -r
complete -c conn-check-django -s d -l database-name -d 'The database, where the settings name none' -r
complete -c conn-check-django -l statsd-send -d 'What to send to statsd [default: conncheck.test:1|c]' -r
complete -c conn-check-django -l statsd-expect -d 'What statsd must answer [default: nothing, sending is enough]' -r
complete -c conn-check-django -l bridge -d 'Settings that were read already, as the Python package `conn_check_configs` hands them over' -r -F
complete -c conn-check-django -s f -l output -d 'Write the file here, atomically; a new one is for its owner only [default: standard output]' -r -F
complete -c conn-check-django -l secrets -d 'Where passwords stand: in the file, or outside, with a reference in their place' -r -f -a "inline\t'In the file itself'
env\t'In variables of the environment: {env: NAME}'
file\t'In files: {file: DIR/NAME}'"
complete -c conn-check-django -l secrets-dir -d 'The directory that holds the files with the passwords, for --secrets file' -r -F
complete -c conn-check-django -s p -l print -d 'Accepted for old scripts, and without effect'
complete -c conn-check-django -l strict -d 'Exit status 1 where something could not be mapped; without it, that is a comment in the file and a line on standard error'
complete -c conn-check-django -s h -l help -d 'Print help (see more with \'--help\')'
complete -c conn-check-django -s V -l version -d 'Print version'
