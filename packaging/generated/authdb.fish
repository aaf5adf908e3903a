# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_authdb_global_optspecs
    string join \n config= context= read-only output= h/help V/version
end

function __fish_authdb_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_authdb_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_authdb_using_subcommand
    set -l cmd (__fish_authdb_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c authdb -n "__fish_authdb_needs_command" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_needs_command" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_needs_command" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_needs_command" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_needs_command" -s V -l version -d 'Print version'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "demo" -d 'Open the dashboard on a make-believe installation that lives in a temporary file'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "init" -d 'Create DiracX\'s tables in an empty database, partitions included, and the journal\'s in any'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "device" -d 'Logins by a code that a user reads out (RFC 8628)'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "flow" -d 'Logins by a browser'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "token" -d 'Refresh tokens'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "subject" -d 'People with live tokens'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "status" -d 'The installation at a glance'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "partition" -d 'The monthly partitions of the refresh tokens'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "journal" -d 'Who changed what by hand'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "doctor" -d 'Look for whatever could keep the programs from their work; each line is ok, warning or failed, and says what to do'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "config" -d 'Every key of the configuration, its value and where it came from; passwords are hidden'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "completions" -d 'Print what a shell needs to complete this program\'s words'
complete -c authdb -n "__fish_authdb_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand demo" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand demo" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand demo" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand demo" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand init" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand init" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand init" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand init" -l dry-run -d 'Say what would be made, and make nothing'
complete -c authdb -n "__fish_authdb_using_subcommand init" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -f -a "list" -d 'List device flows, those that wait for somebody first'
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -f -a "show" -d 'Show one device flow'
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -f -a "approve" -d 'Approve a device flow: whoever holds its code is logged in as the subject'
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -f -a "deny" -d 'Deny device flows: pending and ready ones end in an error'
complete -c authdb -n "__fish_authdb_using_subcommand device; and not __fish_seen_subcommand_from list show approve deny help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l state -d 'Only those in this state' -r -f -a "pending\t'Nobody has logged in yet'
ready\t'Somebody has logged in, and the token may be issued'
stale\t'Pending or ready, and too old to be completed'
done\t'The token has been issued'
error\t'Denied, cancelled or failed'
unknown\t'A status or time that this program does not know'"
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l client -d 'Only those of this client' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l vo -d 'Only those whose scope asks for this VO' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l group -d 'Only those whose scope asks for this group' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l containing -d 'Only those with this text in a key, client, scope, subject or redirect URI' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l limit -d 'Rows at most, or none for all of them; if there are more, that is said on standard error' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from show" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from show" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from show" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l sub -d 'Who it is, without the VO, which DiracX adds by itself' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l name -d 'The user name that goes into the token; the registry\'s, where approval.registry is configured' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l reason -d 'Why, such as a ticket, for the journal; `dashboard.require_reason` makes it obligatory' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l despite-registry -d 'Approve although the registry speaks against it, or cannot be read; DiracX will probably mint no token'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l dry-run -d 'Print what would happen, and change nothing'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l yes -d 'Do not ask; needed where there is no terminal to ask on'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from deny" -l reason -d 'Why, such as a ticket, for the journal; `dashboard.require_reason` makes it obligatory' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from deny" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from deny" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from deny" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from deny" -l dry-run -d 'Print what would happen, and change nothing'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from deny" -l yes -d 'Do not ask; needed where there is no terminal to ask on'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from deny" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from deny" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "list" -d 'List device flows, those that wait for somebody first'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one device flow'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "approve" -d 'Approve a device flow: whoever holds its code is logged in as the subject'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "deny" -d 'Deny device flows: pending and ready ones end in an error'
complete -c authdb -n "__fish_authdb_using_subcommand device; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -f -a "list" -d 'List authorization flows, those that wait for somebody first'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -f -a "show" -d 'Show one authorization flow'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -f -a "cancel" -d 'Cancel authorization flows: pending and ready ones end in an error'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and not __fish_seen_subcommand_from list show cancel help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l state -d 'Only those in this state' -r -f -a "pending\t'Nobody has logged in yet'
ready\t'Somebody has logged in, and the token may be issued'
stale\t'Pending or ready, and too old to be completed'
done\t'The token has been issued'
error\t'Denied, cancelled or failed'
unknown\t'A status or time that this program does not know'"
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l client -d 'Only those of this client' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l vo -d 'Only those whose scope asks for this VO' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l group -d 'Only those whose scope asks for this group' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l containing -d 'Only those with this text in a key, client, scope, subject or redirect URI' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l limit -d 'Rows at most, or none for all of them; if there are more, that is said on standard error' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from show" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from show" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from show" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from cancel" -l reason -d 'Why, such as a ticket, for the journal; `dashboard.require_reason` makes it obligatory' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from cancel" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from cancel" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from cancel" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from cancel" -l dry-run -d 'Print what would happen, and change nothing'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from cancel" -l yes -d 'Do not ask; needed where there is no terminal to ask on'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from cancel" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from help" -f -a "list" -d 'List authorization flows, those that wait for somebody first'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one authorization flow'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from help" -f -a "cancel" -d 'Cancel authorization flows: pending and ready ones end in an error'
complete -c authdb -n "__fish_authdb_using_subcommand flow; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -f -a "list" -d 'List refresh tokens, the newest first'
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -f -a "show" -d 'Show one refresh token'
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -f -a "revoke" -d 'Revoke refresh tokens, or all of a subject'
complete -c authdb -n "__fish_authdb_using_subcommand token; and not __fish_seen_subcommand_from list show revoke help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l sub -d 'Only those of this subject, with its VO before it, exactly as it is written' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l since -d 'Only what was issued so long ago at most, such as 1h or 2days' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l vo -d 'Only those whose scope asks for this VO' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l group -d 'Only those whose scope asks for this group' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l containing -d 'Only those with this text in a key, status, subject or scope' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l limit -d 'Rows at most, or none for all of them; if there are more, that is said on standard error' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l live -d 'Only what works now; this is so unless --all is given'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l all -d 'Whatever became of it: expired and revoked ones too'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from show" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from show" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from show" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -l sub -d 'All tokens of this subject, with its VO before it, exactly as it is written' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -l reason -d 'Why, such as a ticket, for the journal; `dashboard.require_reason` makes it obligatory' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -l dry-run -d 'Print what would happen, and change nothing'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -l yes -d 'Do not ask; needed where there is no terminal to ask on'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "list" -d 'List refresh tokens, the newest first'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one refresh token'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Revoke refresh tokens, or all of a subject'
complete -c authdb -n "__fish_authdb_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and not __fish_seen_subcommand_from list show help" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand subject; and not __fish_seen_subcommand_from list show help" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand subject; and not __fish_seen_subcommand_from list show help" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand subject; and not __fish_seen_subcommand_from list show help" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and not __fish_seen_subcommand_from list show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and not __fish_seen_subcommand_from list show help" -f -a "list" -d 'List who has live tokens, and how many; who has most first'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and not __fish_seen_subcommand_from list show help" -f -a "show" -d 'Show one subject'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and not __fish_seen_subcommand_from list show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from list" -l containing -d 'Only those with this text in their names' -r
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from list" -l limit -d 'Rows at most, or none for all of them; if there are more, that is said on standard error' -r
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from list" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from list" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from list" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from show" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from show" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from show" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from help" -f -a "list" -d 'List who has live tokens, and how many; who has most first'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show one subject'
complete -c authdb -n "__fish_authdb_using_subcommand subject; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand status" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand status" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand status" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand status" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand partition; and not __fish_seen_subcommand_from list help" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand partition; and not __fish_seen_subcommand_from list help" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand partition; and not __fish_seen_subcommand_from list help" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand partition; and not __fish_seen_subcommand_from list help" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand partition; and not __fish_seen_subcommand_from list help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand partition; and not __fish_seen_subcommand_from list help" -f -a "list" -d 'List the partitions in the order of their bounds'
complete -c authdb -n "__fish_authdb_using_subcommand partition; and not __fish_seen_subcommand_from list help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand partition; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand partition; and __fish_seen_subcommand_from list" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand partition; and __fish_seen_subcommand_from list" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand partition; and __fish_seen_subcommand_from list" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand partition; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand partition; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the partitions in the order of their bounds'
complete -c authdb -n "__fish_authdb_using_subcommand partition; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and not __fish_seen_subcommand_from list verify help" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand journal; and not __fish_seen_subcommand_from list verify help" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand journal; and not __fish_seen_subcommand_from list verify help" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand journal; and not __fish_seen_subcommand_from list verify help" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and not __fish_seen_subcommand_from list verify help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and not __fish_seen_subcommand_from list verify help" -f -a "list" -d 'List what was changed by hand, and what was refused; the newest first'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and not __fish_seen_subcommand_from list verify help" -f -a "verify" -d 'Verify the chain of hashes from its beginning to its end'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and not __fish_seen_subcommand_from list verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from list" -l limit -d 'Rows at most, or none for all of them; if there are more, that is said on standard error' -r
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from list" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from list" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from list" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from verify" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from verify" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from verify" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from verify" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "list" -d 'List what was changed by hand, and what was refused; the newest first'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Verify the chain of hashes from its beginning to its end'
complete -c authdb -n "__fish_authdb_using_subcommand journal; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand doctor" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand doctor" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand doctor" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand doctor" -l grants -d 'Print the GRANT statements for the accounts of viewers, operators and the janitor instead'
complete -c authdb -n "__fish_authdb_using_subcommand doctor" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand config" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand config" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand config" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand config" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand completions" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb -n "__fish_authdb_using_subcommand completions" -l context -d 'Work in this context, one of [contexts.NAME] in the configuration file, or `default` for [database]' -r
complete -c authdb -n "__fish_authdb_using_subcommand completions" -l output -d 'The form of what a verb prints; without it a table on a terminal, and one JSON object per line elsewhere' -r -f -a "table\t'Columns for people; long values are whole, some fields are left out'
json\t'One array of objects'
jsonl\t'One object per line'
csv\t'RFC 4180 with a line of names; letters that could harm a terminal or a spreadsheet are replaced'"
complete -c authdb -n "__fish_authdb_using_subcommand completions" -l read-only -d 'Change nothing; on MariaDB and MySQL the server enforces it too'
complete -c authdb -n "__fish_authdb_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "demo" -d 'Open the dashboard on a make-believe installation that lives in a temporary file'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "init" -d 'Create DiracX\'s tables in an empty database, partitions included, and the journal\'s in any'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "device" -d 'Logins by a code that a user reads out (RFC 8628)'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "flow" -d 'Logins by a browser'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "token" -d 'Refresh tokens'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "subject" -d 'People with live tokens'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "status" -d 'The installation at a glance'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "partition" -d 'The monthly partitions of the refresh tokens'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "journal" -d 'Who changed what by hand'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "doctor" -d 'Look for whatever could keep the programs from their work; each line is ok, warning or failed, and says what to do'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "config" -d 'Every key of the configuration, its value and where it came from; passwords are hidden'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "completions" -d 'Print what a shell needs to complete this program\'s words'
complete -c authdb -n "__fish_authdb_using_subcommand help; and not __fish_seen_subcommand_from demo init device flow token subject status partition journal doctor config completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "list" -d 'List device flows, those that wait for somebody first'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "show" -d 'Show one device flow'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "approve" -d 'Approve a device flow: whoever holds its code is logged in as the subject'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from device" -f -a "deny" -d 'Deny device flows: pending and ready ones end in an error'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from flow" -f -a "list" -d 'List authorization flows, those that wait for somebody first'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from flow" -f -a "show" -d 'Show one authorization flow'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from flow" -f -a "cancel" -d 'Cancel authorization flows: pending and ready ones end in an error'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "list" -d 'List refresh tokens, the newest first'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "show" -d 'Show one refresh token'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'Revoke refresh tokens, or all of a subject'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from subject" -f -a "list" -d 'List who has live tokens, and how many; who has most first'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from subject" -f -a "show" -d 'Show one subject'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from partition" -f -a "list" -d 'List the partitions in the order of their bounds'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from journal" -f -a "list" -d 'List what was changed by hand, and what was refused; the newest first'
complete -c authdb -n "__fish_authdb_using_subcommand help; and __fish_seen_subcommand_from journal" -f -a "verify" -d 'Verify the chain of hashes from its beginning to its end'
