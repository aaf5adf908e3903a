//! The manual page of a program: one page with all of its verbs, so that `/` in it finds everything.

use std::io;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// The page, in the language of troff.
pub(super) fn manual(command: &clap::Command, section: &str) -> io::Result<String> {
    let mut command = command.clone().disable_help_subcommand(true).term_width(76);
    command.build();
    let source = format!("{} {}", command.get_name(), super::VERSION);
    let man = Man::new(command.clone()).section(section).source(source).manual("AuthDB console and janitor");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut verbs = Roff::new();
    verbs.control("SH", ["VERBS"]);
    for verb in leaves(&command) {
        section_of(&mut verbs, verb);
    }
    verbs.control("SH", ["NOTES"]);
    block(&mut verbs, &command.get_after_help().map(ToString::to_string).unwrap_or_default());
    verbs.control("SH", ["FILES"]);
    verbs.text([roman("./config.toml, ~/.config/authdb/config.toml, /etc/authdb/config.toml: see authdb.toml(5)")]);
    verbs.control("SH", ["SEE ALSO"]);
    verbs.text([roman("authdb(1), authdb-janitor(8), authdb.toml(5)")]);
    verbs.to_writer(&mut page)?;
    String::from_utf8(page).map_err(io::Error::other)
}

/// The verbs that do something, in the order of the help.
fn leaves(command: &clap::Command) -> Vec<&clap::Command> {
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    shown.flat_map(|verb| if verb.has_subcommands() { leaves(verb) } else { vec![verb] }).collect()
}

/// What the verb says of itself with `--help`, but for what every verb says.
fn section_of(page: &mut Roff, verb: &clap::Command) {
    let hidden = |argument: clap::Arg| {
        let is_common = argument.is_global_set() || argument.get_id() == "help";
        argument.hide(is_common)
    };
    let mut verb = verb.clone().mut_args(hidden).term_width(76);
    page.control("SS", [verb.get_bin_name().unwrap_or(verb.get_name())]);
    let help = verb.render_long_help().to_string();
    block(page, &help);
}

/// Text that keeps its lines.
fn block(page: &mut Roff, text: &str) {
    page.control("nf", []);
    for line in text.trim_end().lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
}
