# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_authdb_janitor_global_optspecs
    string join \n config= h/help V/version
end

function __fish_authdb_janitor_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_authdb_janitor_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_authdb_janitor_using_subcommand
    set -l cmd (__fish_authdb_janitor_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -s h -l help -d 'Print help'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -s V -l version -d 'Print version'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "run" -d 'Run the daemon: each job at start and on its schedule, until SIGTERM'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "once" -d 'Run jobs now, one after another, and print what came of them'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "plan" -d 'Print exactly what a run would do now: rows, statements, partitions, and what is refused and why'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "apply" -d 'Do what stands in a plan and nothing else, unless layout, clock or configuration have moved past it'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "status" -d 'Say how the janitor is: lease, last runs, what is due next, backlog, months ahead'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "partition" -d 'Partition a `RefreshTokens` table that has no partitions yet, after showing what that costs'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "restore" -d 'Give a month back that is held since it was dropped (`janitor.hold_dropped`)'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "check" -d 'Check configuration, connection, schema, privileges and clocks, and say what to do about what is wrong'
complete -c authdb-janitor -n "__fish_authdb_janitor_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand run" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand run" -s h -l help -d 'Print help'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand once" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand once" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand plan" -l file -d 'Write it to this file as well, for `apply`' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand plan" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand plan" -l json -d 'Print it as JSON'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand apply" -l plan -d 'The file that `plan --file` wrote, or the JSON that `plan --json` printed' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand apply" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand apply" -s h -l help -d 'Print help'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand status" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand status" -l json -d 'Print it as JSON'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand status" -s h -l help -d 'Print help'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand partition" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand partition" -l yes -d 'Do it: every row is copied, and nobody can log in meanwhile'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand partition" -s h -l help -d 'Print help'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand restore" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand restore" -s h -l help -d 'Print help'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand check" -l config -d 'Read this configuration file instead of the first of ./config.toml, ~/.config/authdb/config.toml and /etc/authdb/config.toml' -r -F
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand check" -s h -l help -d 'Print help'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "run" -d 'Run the daemon: each job at start and on its schedule, until SIGTERM'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "once" -d 'Run jobs now, one after another, and print what came of them'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "plan" -d 'Print exactly what a run would do now: rows, statements, partitions, and what is refused and why'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "apply" -d 'Do what stands in a plan and nothing else, unless layout, clock or configuration have moved past it'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "status" -d 'Say how the janitor is: lease, last runs, what is due next, backlog, months ahead'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "partition" -d 'Partition a `RefreshTokens` table that has no partitions yet, after showing what that costs'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "restore" -d 'Give a month back that is held since it was dropped (`janitor.hold_dropped`)'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "check" -d 'Check configuration, connection, schema, privileges and clocks, and say what to do about what is wrong'
complete -c authdb-janitor -n "__fish_authdb_janitor_using_subcommand help; and not __fish_seen_subcommand_from run once plan apply status partition restore check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
