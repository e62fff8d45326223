complete -c conn-check -l only -d 'As PATTERN, where it could be taken for a file' -r
complete -c conn-check -l include-tags -d 'Only checks with one of these tags' -r
complete -c conn-check -l exclude-tags -d 'No checks with one of these tags' -r
complete -c conn-check -l max-timeout -d 'Everything is printed by then; what is unfinished counts as timed out' -r
complete -c conn-check -l connect-timeout -d 'The timeout of a check that names none' -r
complete -c conn-check -l tls-certs-path -d 'The CAs to trust: a directory or a bundle' -r -F
complete -c conn-check -l concurrency -d 'So many checks at once [default: as many as the file-descriptor limit safely allows]' -r
complete -c conn-check -l per-host -d 'So many checks of one host at once [default: no limit]' -r
complete -c conn-check -l format -d 'The form of the output' -r -f -a "human\t'for a terminal: what is broken first, with what to do next'
plain\t'one line per result, for scripts'
nagios\t'the output of a monitoring plugin, with performance data'
json\t'one object with all there is to know, described by a schema'
jsonl\t'one event per line, as it happens'
junit\t'XML for CI systems, a test case per result'
tap\t'Test Anything Protocol, version 13'
prometheus\t'metrics for a textfile collector'"
complete -c conn-check -s o -l output -d 'Write the output to a file, atomically' -r -F
complete -c conn-check -l also -d 'Also write it in another format to another file, atomically; more than once for several' -r
complete -c conn-check -l record -d 'Keep the result as JSON in a file for others to read, atomically' -r -F
complete -c conn-check -l color -d 'Colours: auto is on for a terminal; `NO_COLOR` and `CLICOLOR_FORCE` are heard' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c conn-check -l validate -d 'Only read the file and say what is wrong with it'
complete -c conn-check -l dry-run -d 'Only show which results there would be'
complete -c conn-check -l strict -d 'Take warnings about the file for errors'
complete -c conn-check -l schema -d 'Print the JSON Schema of the file, for editors'
complete -c conn-check -s 4 -d 'Use IPv4 only'
complete -c conn-check -s 6 -d 'Use IPv6 only'
complete -c conn-check -l journal -d 'Also write failures, warnings and the counts to the system\'s journal'
complete -c conn-check -s q -l quiet -d 'For people: only what is not well and the summary; nothing when all is well'
complete -c conn-check -l brief -d 'For people: failures in ten lines at most, to be pasted into a chat'
complete -c conn-check -l explain -d 'Show the evidence under every failure'
complete -c conn-check -s v -l verbose -d 'Show every check on its own with its phases; in the plain format, what begins'
complete -c conn-check -s d -l duration -d 'Show when each result came and how long it took'
complete -c conn-check -s t -l tracebacks -d 'Show the whole chain of causes under every failure'
complete -c conn-check -s U -l unbuffered-output -d 'Print each result as soon as it is there, in the plain format unless --format says otherwise'
complete -c conn-check -s h -l help -d 'Print help (see more with \'--help\')'
complete -c conn-check -s V -l version -d 'Print version'
