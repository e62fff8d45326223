# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_conn_check_configs_global_optspecs
    string join \n h/help V/version
end

function __fish_conn_check_configs_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_conn_check_configs_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_conn_check_configs_using_subcommand
    set -l cmd (__fish_conn_check_configs_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c conn-check-configs -n "__fish_conn_check_configs_needs_command" -s h -l help -d 'Print help'
complete -c conn-check-configs -n "__fish_conn_check_configs_needs_command" -s V -l version -d 'Print version'
complete -c conn-check-configs -n "__fish_conn_check_configs_needs_command" -f -a "django" -d 'The settings of a Django project, which its own Python imports'
complete -c conn-check-configs -n "__fish_conn_check_configs_needs_command" -f -a "env" -d 'Variables: URLs, DSNs, and the hosts and ports of well-known clients'
complete -c conn-check-configs -n "__fish_conn_check_configs_needs_command" -f -a "juju" -d 'The output of `juju status --format=json` or `--format=yaml`'
complete -c conn-check-configs -n "__fish_conn_check_configs_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -s m -l settings-module -d 'The settings, as Python imports them from this directory [default: `DJANGO_SETTINGS_MODULE`]' -r
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -l python -d 'The application\'s Python [default: that of `VIRTUAL_ENV`, else python3, else python]' -r -F
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -l timeout -d 'Importing the settings may take so long' -r
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -s d -l database-name -d 'The database, where the settings name none' -r
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -l statsd-send -d 'What to send to statsd [default: conncheck.test:1|c]' -r
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -l statsd-expect -d 'What statsd must answer [default: nothing, sending is enough]' -r
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -l bridge -d 'Settings that were read already, as the Python package `conn_check_configs` hands them over' -r -F
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -s f -l output -d 'Write the file here, atomically; a new one is for its owner only [default: standard output]' -r -F
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -l secrets -d 'Where passwords stand: in the file, or outside, with a reference in their place' -r -f -a "inline\t'In the file itself'
env\t'In variables of the environment: {env: NAME}'
file\t'In files: {file: DIR/NAME}'"
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -l secrets-dir -d 'The directory that holds the files with the passwords, for --secrets file' -r -F
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -s p -l print -d 'Accepted for old scripts, and without effect'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -l strict -d 'Exit status 1 where something could not be mapped; without it, that is a comment in the file and a line on standard error'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand django" -s V -l version -d 'Print version'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand env" -l pid -d 'The environment that this process was started with' -r
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand env" -s f -l output -d 'Write the file here, atomically; a new one is for its owner only [default: standard output]' -r -F
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand env" -l secrets -d 'Where passwords stand: in the file, or outside, with a reference in their place' -r -f -a "inline\t'In the file itself'
env\t'In variables of the environment: {env: NAME}'
file\t'In files: {file: DIR/NAME}'"
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand env" -l secrets-dir -d 'The directory that holds the files with the passwords, for --secrets file' -r -F
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand env" -l strict -d 'Exit status 1 where something could not be mapped; without it, that is a comment in the file and a line on standard error'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand env" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand juju" -s a -l application -d 'The application whose dependencies are checked; may be left out where only one has any' -r
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand juju" -s f -l output -d 'Write the file here, atomically; a new one is for its owner only [default: standard output]' -r -F
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand juju" -l secrets -d 'Where passwords stand: in the file, or outside, with a reference in their place' -r -f -a "inline\t'In the file itself'
env\t'In variables of the environment: {env: NAME}'
file\t'In files: {file: DIR/NAME}'"
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand juju" -l secrets-dir -d 'The directory that holds the files with the passwords, for --secrets file' -r -F
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand juju" -l strict -d 'Exit status 1 where something could not be mapped; without it, that is a comment in the file and a line on standard error'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand juju" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand help; and not __fish_seen_subcommand_from django env juju help" -f -a "django" -d 'The settings of a Django project, which its own Python imports'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand help; and not __fish_seen_subcommand_from django env juju help" -f -a "env" -d 'Variables: URLs, DSNs, and the hosts and ports of well-known clients'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand help; and not __fish_seen_subcommand_from django env juju help" -f -a "juju" -d 'The output of `juju status --format=json` or `--format=yaml`'
complete -c conn-check-configs -n "__fish_conn_check_configs_using_subcommand help; and not __fish_seen_subcommand_from django env juju help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
