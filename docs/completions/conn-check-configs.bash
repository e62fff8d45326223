# shellcheck shell=bash
# Generated from the declarations in the code by `cargo xtask docs`.

_conn_check_configs_files() {
    local kind=$1 file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        if [[ -d $file || $kind == all || ($kind == yaml && $file == *.@(yaml|yml)) ]]; then
            COMPREPLY+=("$file")
        fi
    done < <(compgen -f -- "$2")
}

_conn_check_configs() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} level=
    COMPREPLY=()
    # --option=value is three words here.
    if [[ $current == "=" ]]; then
        current=
    elif [[ $before == "=" ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD > 1)); then
        case ${COMP_WORDS[1]} in
            django | env | juju | help) level=${COMP_WORDS[1]} ;;
        esac
    fi
    case $level:$before in
        django:-m | django:--settings-module)
            :
            return
            ;;
        django:--python)
            _conn_check_configs_files all "$current"
            return
            ;;
        django:--timeout)
            :
            return
            ;;
        django:-d | django:--database-name)
            :
            return
            ;;
        django:--statsd-send)
            :
            return
            ;;
        django:--statsd-expect)
            :
            return
            ;;
        django:-f | django:-o | django:--output)
            _conn_check_configs_files all "$current"
            return
            ;;
        django:--secrets)
            mapfile -t COMPREPLY < <(compgen -W 'inline env file' -- "$current")
            return
            ;;
        django:--secrets-dir)
            _conn_check_configs_files none "$current"
            return
            ;;
        django:--secrets-template)
            _conn_check_configs_files all "$current"
            return
            ;;
        env:--pid)
            :
            return
            ;;
        env:-f | env:-o | env:--output)
            _conn_check_configs_files all "$current"
            return
            ;;
        env:--secrets)
            mapfile -t COMPREPLY < <(compgen -W 'inline env file' -- "$current")
            return
            ;;
        env:--secrets-dir)
            _conn_check_configs_files none "$current"
            return
            ;;
        env:--secrets-template)
            _conn_check_configs_files all "$current"
            return
            ;;
        juju:-a | juju:--application)
            :
            return
            ;;
        juju:-f | juju:-o | juju:--output)
            _conn_check_configs_files all "$current"
            return
            ;;
        juju:--secrets)
            mapfile -t COMPREPLY < <(compgen -W 'inline env file' -- "$current")
            return
            ;;
        juju:--secrets-dir)
            _conn_check_configs_files none "$current"
            return
            ;;
        juju:--secrets-template)
            _conn_check_configs_files all "$current"
            return
            ;;
    esac
    case $level:$current in
        :-*) mapfile -t COMPREPLY < <(compgen -W '-h --help -V --version' -- "$current") ;;
        django:-*) mapfile -t COMPREPLY < <(compgen -W '-m --settings-module --python --timeout -d --database-name --statsd-send --statsd-expect -f -o --output --strict --secrets --secrets-dir --secrets-template -h --help -V --version' -- "$current") ;;
        env:-*) mapfile -t COMPREPLY < <(compgen -W '--pid -f -o --output --strict --secrets --secrets-dir --secrets-template -h --help' -- "$current") ;;
        juju:-*) mapfile -t COMPREPLY < <(compgen -W '-a --application -f -o --output --strict --secrets --secrets-dir --secrets-template -h --help' -- "$current") ;;
        help:-*) mapfile -t COMPREPLY < <(compgen -W '' -- "$current") ;;
        :*)
            ((COMP_CWORD > 1)) || mapfile -t COMPREPLY < <(compgen -W 'django env juju help' -- "$current")
            :
            ;;
        django:*)
            :
            ;;
        env:*)
            _conn_check_configs_files all "$current"
            ;;
        juju:*)
            _conn_check_configs_files all "$current"
            ;;
        help:*)
            :
            ;;
    esac
}

complete -F _conn_check_configs conn-check-configs
