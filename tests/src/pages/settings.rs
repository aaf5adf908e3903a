//! authdb.toml(5): config.toml with its comments is the documentation of every key, so the page is made from it.

use std::io;

use clap_mangen::roff::{Roff, bold, italic, roman};

/// The file with every key, its default and a comment.
const DOCUMENTED: &str = include_str!("../../../config.toml");

/// The page, in the language of troff.
pub(super) fn manual() -> io::Result<String> {
    let mut page = Roff::new();
    let source = format!("authdb {}", super::VERSION);
    page.control("TH", ["authdb.toml", "5", "", source.as_str(), "AuthDB console and janitor"]);
    page.control("SH", ["NAME"]);
    page.text([roman("authdb.toml - configuration of authdb(1) and authdb-janitor(8)")]);
    page.control("SH", ["DESCRIPTION"]);
    let mut comment: Vec<&str> = Vec::new();
    for line in DOCUMENTED.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix('#') {
            comment.push(text.trim_start());
        } else if line.is_empty() {
            paragraph(&mut page, &mut comment);
        } else if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            // What stands right above a section is about it.
            page.control("SH", [format!("[{section}]").as_str()]);
            paragraph(&mut page, &mut comment);
        } else if let Some((key, default)) = line.split_once(" = ") {
            page.control("TP", []);
            page.text([bold(key), roman(" = "), italic(default)]);
            page.text([roman(comment.join(" "))]);
            comment.clear();
        } else {
            let message = format!("config.toml holds a line that is neither comment, section nor key: {line}");
            return Err(io::Error::other(message));
        }
    }
    paragraph(&mut page, &mut comment);
    page.control("SH", ["SEE ALSO"]);
    page.text([roman("authdb(1), authdb-janitor(8); `authdb config` lists what is in force, and where it came from")]);
    Ok(page.render())
}

/// Writes a comment that belongs to no key.
fn paragraph(page: &mut Roff, comment: &mut Vec<&str>) {
    if !comment.is_empty() {
        page.control("PP", []);
        page.text([roman(comment.join(" "))]);
        comment.clear();
    }
}
