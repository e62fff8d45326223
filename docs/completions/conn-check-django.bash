# shellcheck shell=bash
# Generated from the declarations in the code by `cargo xtask docs`.

_conn_check_django_files() {
    local kind=$1 file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        if [[ -d $file || $kind == all || ($kind == yaml && $file == *.@(yaml|yml)) ]]; then
            COMPREPLY+=("$file")
        fi
    done < <(compgen -f -- "$2")
}

_conn_check_django() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} level=
    COMPREPLY=()
    # --option=value is three words here.
    if [[ $current == "=" ]]; then
        current=
    elif [[ $before == "=" ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $level:$before in
        :-m | :--settings-module)
            :
            return
            ;;
        :--python)
            _conn_check_django_files all "$current"
            return
            ;;
        :--timeout)
            :
            return
            ;;
        :-d | :--database-name)
            :
            return
            ;;
        :--statsd-send)
            :
            return
            ;;
        :--statsd-expect)
            :
            return
            ;;
        :-f | :-o | :--output)
            _conn_check_django_files all "$current"
            return
            ;;
        :--secrets)
            mapfile -t COMPREPLY < <(compgen -W 'inline env file' -- "$current")
            return
            ;;
        :--secrets-dir)
            _conn_check_django_files none "$current"
            return
            ;;
        :--secrets-template)
            _conn_check_django_files all "$current"
            return
            ;;
    esac
    case $level:$current in
        :-*) mapfile -t COMPREPLY < <(compgen -W '-m --settings-module --python --timeout -d --database-name --statsd-send --statsd-expect -f -o --output --strict --secrets --secrets-dir --secrets-template -h --help -V --version' -- "$current") ;;
        :*)
            :
            ;;
    esac
}

complete -F _conn_check_django conn-check-django
