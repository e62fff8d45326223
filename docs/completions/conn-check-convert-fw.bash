# shellcheck shell=bash
# Generated from the declarations in the code by `cargo xtask docs`.

_conn_check_convert_fw_files() {
    local kind=$1 file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        if [[ -d $file || $kind == all || ($kind == yaml && $file == *.@(yaml|yml)) ]]; then
            COMPREPLY+=("$file")
        fi
    done < <(compgen -f -- "$2")
}

_conn_check_convert_fw() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} level=
    COMPREPLY=()
    # --option=value is three words here.
    if [[ $current == "=" ]]; then
        current=
    elif [[ $before == "=" ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $level:$before in
        :-t | :--type)
            mapfile -t COMPREPLY < <(compgen -W 'aws iptables kubernetes neutron nftables nova openstack-cli terraform ufw' -- "$current")
            return
            ;;
        :--group)
            :
            return
            ;;
        :-o | :-f | :--output)
            _conn_check_convert_fw_files all "$current"
            return
            ;;
        :--color)
            mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
            return
            ;;
    esac
    case $level:$current in
        :-*) mapfile -t COMPREPLY < <(compgen -W '-t --type --group --keep-going -o -f --output --color -h --help -V --version' -- "$current") ;;
        :*)
            _conn_check_convert_fw_files yaml "$current"
            ;;
    esac
}

complete -F _conn_check_convert_fw conn-check-convert-fw
