# shellcheck shell=bash
# Generated from the declarations in the code by `cargo xtask docs`.

_conn_check_files() {
    local kind=$1 file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        if [[ -d $file || $kind == all || ($kind == yaml && $file == *.@(yaml|yml)) ]]; then
            COMPREPLY+=("$file")
        fi
    done < <(compgen -f -- "$2")
}

_conn_check() {
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
            explain | trace | merge | diff | help) level=${COMP_WORDS[1]} ;;
        esac
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
        :--wait)
            :
            return
            ;;
        :--stable)
            :
            return
            ;;
        :--connect-timeout)
            :
            return
            ;;
        :--tls-certs-path)
            _conn_check_files all "$current"
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
        :--as)
            :
            return
            ;;
        :--format)
            mapfile -t COMPREPLY < <(compgen -W 'human plain nagios json jsonl junit tap prometheus health' -- "$current")
            return
            ;;
        :-o | :-f | :--output)
            _conn_check_files all "$current"
            return
            ;;
        :--also)
            :
            return
            ;;
        :--record)
            _conn_check_files all "$current"
            return
            ;;
        :--remember)
            _conn_check_files none "$current"
            return
            ;;
        :--color)
            mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
            return
            ;;
        merge:--format)
            mapfile -t COMPREPLY < <(compgen -W 'human json html' -- "$current")
            return
            ;;
        merge:-o | merge:-f | merge:--output)
            _conn_check_files all "$current"
            return
            ;;
        diff:--format)
            mapfile -t COMPREPLY < <(compgen -W 'human json' -- "$current")
            return
            ;;
        diff:-o | diff:-f | diff:--output)
            _conn_check_files all "$current"
            return
            ;;
    esac
    case $level:$current in
        :-*) mapfile -t COMPREPLY < <(compgen -W '--only --include-tags --exclude-tags --warnings-as-errors --all-parts --validate --dry-run --strict --schema --max-timeout --wait --stable --connect-timeout --tls-certs-path --concurrency --per-host --as -4 -6 --format -o -f --output --also --record --remember --journal -q --quiet --brief --explain -v --verbose -d --duration -t --tracebacks -U --unbuffered-output --color -h --help -V --version' -- "$current") ;;
        explain:-*) mapfile -t COMPREPLY < <(compgen -W '-h --help' -- "$current") ;;
        trace:-*) mapfile -t COMPREPLY < <(compgen -W '-4 --ipv4 -6 --ipv6 -h --help' -- "$current") ;;
        merge:-*) mapfile -t COMPREPLY < <(compgen -W '--format -o -f --output -h --help' -- "$current") ;;
        diff:-*) mapfile -t COMPREPLY < <(compgen -W '--format -o -f --output -h --help' -- "$current") ;;
        help:-*) mapfile -t COMPREPLY < <(compgen -W '' -- "$current") ;;
        :*)
            ((COMP_CWORD > 1)) || mapfile -t COMPREPLY < <(compgen -W 'explain trace merge diff help' -- "$current")
            _conn_check_files yaml "$current"
            ;;
        explain:*)
            mapfile -t COMPREPLY < <(compgen -W 'amqp celery celery_task clock command disk dns file http https ldap load memcache memcached memory mongodb mongo mqtt mysql mariadb postgres postgresql process redis s3 smtp storage tcp tls ssl udp accept access_key allow_redirects args auth auth_mechanism auth_source base body broker bucket ca_file client_cert client_id client_key client_key_password cluster command connect_to control_exchange cookies critical database depends_on digest_auth disable_tls_verification endpoint env exchange exists expect expect_all expect_failure expect_none expected_body expected_body_equals expected_body_file expected_code expected_content expected_headers expected_json expected_length expected_sha256 expiry_warning_days from_address global_keyprefix group headers helo_fallback hex hint host http2 key kwargs max_age max_inodes_percent max_load_1 max_load_15 max_load_5 max_messages max_offset max_pressure_percent max_used_percent message method min min_age min_available min_consumers min_free min_free_inodes min_size min_tls_version mode mounted name object owner params parts password path path_style plugin port prefix program proves proxy_host proxy_port proxy_url publish query queue queue_timeout queues read read_only record region replica_set result_backend result_keyprefix result_timeout retries role roundtrip routing_key secret_key send sentinel sentinel_password sentinel_use_tls sentinel_username server server_name server_public_key session_token srv starttls subject synchronised table tags takes_node_out task timeout to_address topic unit unix_socket url use_tls user username verify_name version vhost wait warn_after workers config.missing-secret config.unusable-file local.missing local.denied local.read-only local.full local.unexpected local.unexpected-content local.vanished local.failed local.timeout local.command-failed local.command-unknown local.command-status local.command-killed local.command-hangs local.command-missing local.command-unusable resolve.nxdomain resolve.no-address resolve.servfail resolve.refused resolve.timeout resolve.failed resolve.bad-name resolve.closed connect.refused connect.timeout connect.host-unreachable connect.network-unreachable connect.no-route connect.no-neighbour connect.mtu connect.prohibited connect.denied-locally connect.local-limit connect.no-socket connect.reset connect.closed proxy.unreachable proxy.timeout proxy.closed proxy.auth-required proxy.denied proxy.bad-gateway proxy.not-a-proxy proxy.too-large tls.not-tls tls.required tls.untrusted tls.expired tls.not-yet-valid tls.invalid-certificate tls.unsupported-certificate tls.wrong-name tls.no-common-version tls.client-cert-required tls.client-cert-rejected tls.closed tls.timeout tls.malformed protocol.wrong-service protocol.silent protocol.timeout protocol.closed protocol.reset protocol.malformed protocol.too-large protocol.unsupported-version protocol.not-ready protocol.overloaded auth.rejected auth.required auth.method-unsupported auth.host-not-allowed auth.locked auth.timeout auth.closed request.no-such-database request.no-such-bucket request.no-such-vhost request.no-such-queue request.no-worker request.too-few-workers request.no-consumer request.revoked request.no-result request.no-such-task request.task-failed request.no-such-entry request.permission-denied request.read-only request.full request.unexpected-status request.unexpected-header request.unexpected-body request.unexpected-reply request.redirected request.recipient-refused request.sender-refused request.timeout request.closed request.not-failed request.parts-disagree run.deadline run.own-fault tls.expires-soon tls.others-refuse tls.forgone connect.counted resolve.slow connect.closed-at-once connect.address-dead run.slow run.retried request.blocked local.command-warns auth.not-needed local.disk local.memory local.load local.clock local.file local.process tls.verification-off tls.name-verification-off tls.strict-refuses auth.without-tls unreadable not-there not-a-file of-other-unit too-large not-utf8 yaml-syntax too-deep several-documents unknown-alias bad-merge unknown-tag bad-tag duplicate-key no-checks not-a-list not-a-mapping unknown-type deprecated-alias unknown-key missing-key wrong-type bad-value python-tuple unreadable-pem nothing-selected mail-by-nagios no-effect unexpanded-variable duplicate-check untrusted-file bad-include bad-reference no-rules unresolved' -- "$current")
            ;;
        trace:*)
            _conn_check_files yaml "$current"
            ;;
        merge:*)
            _conn_check_files yaml "$current"
            ;;
        diff:*)
            :
            ;;
        help:*)
            :
            ;;
    esac
}

complete -F _conn_check conn-check
