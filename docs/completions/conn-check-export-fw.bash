# shellcheck shell=bash
# Generated from the declarations in the code by `cargo xtask docs`.

_conn_check_export_fw_files() {
    local kind=$1 file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        if [[ -d $file || $kind == all || ($kind == yaml && $file == *.@(yaml|yml)) ]]; then
            COMPREPLY+=("$file")
        fi
    done < <(compgen -f -- "$2")
}

_conn_check_export_fw() {
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
        :-o | :-f | :--output)
            _conn_check_export_fw_files all "$current"
            return
            ;;
        :--color)
            mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
            return
            ;;
    esac
    case $level:$current in
        :-*) mapfile -t COMPREPLY < <(compgen -W '--only --include-tags --exclude-tags --validate --strict --schema -o -f --output --color --with-dns -h --help -V --version' -- "$current") ;;
        :*)
            _conn_check_export_fw_files yaml "$current"
            ;;
    esac
}

complete -F _conn_check_export_fw conn-check-export-fw
