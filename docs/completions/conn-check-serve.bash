# shellcheck shell=bash
# Generated from the declarations in the code by `cargo xtask docs`.

_conn_check_serve_files() {
    local kind=$1 file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        if [[ -d $file || $kind == all || ($kind == yaml && $file == *.@(yaml|yml)) ]]; then
            COMPREPLY+=("$file")
        fi
    done < <(compgen -f -- "$2")
}

_conn_check_serve() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} level=
    COMPREPLY=()
    # --option=value is three words here.
    if [[ $current == "=" ]]; then
        current=
    elif [[ $before == "=" ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $level:$before in
        :--only)
            :
            return
            ;;
        :--include-tags)
            :
            return
            ;;
        :--exclude-tags)
            :
            return
            ;;
        :--warnings-as-errors)
            mapfile -t COMPREPLY < <(compgen -W 'true false' -- "$current")
            return
            ;;
        :--max-timeout)
            :
            return
            ;;
        :--connect-timeout)
            :
            return
            ;;
        :--tls-certs-path)
            _conn_check_serve_files all "$current"
            return
            ;;
        :--concurrency)
            :
            return
            ;;
        :--per-host)
            :
            return
            ;;
        :--remember)
            _conn_check_serve_files none "$current"
            return
            ;;
        :--color)
            mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
            return
            ;;
        :--listen)
            :
            return
            ;;
        :--metrics-listen)
            :
            return
            ;;
        :--path)
            _conn_check_serve_files all "$current"
            return
            ;;
        :--token-file)
            _conn_check_serve_files all "$current"
            return
            ;;
        :--cert)
            _conn_check_serve_files all "$current"
            return
            ;;
        :--key)
            _conn_check_serve_files all "$current"
            return
            ;;
        :--max-connections)
            :
            return
            ;;
        :--max-age)
            :
            return
            ;;
        :--fail-status)
            :
            return
            ;;
        :--template)
            _conn_check_serve_files all "$current"
            return
            ;;
    esac
    case $level:$current in
        :-*) mapfile -t COMPREPLY < <(compgen -W '--only --include-tags --exclude-tags --warnings-as-errors --all-parts --validate --strict --max-timeout --connect-timeout --tls-certs-path --concurrency --per-host -4 -6 --remember --color --listen --metrics-listen --path --token-file --new-token --cert --key --max-connections --max-age --poll-all --fail-status --template -h --help -V --version' -- "$current") ;;
        :*)
            _conn_check_serve_files yaml "$current"
            ;;
    esac
}

complete -F _conn_check_serve conn-check-serve
