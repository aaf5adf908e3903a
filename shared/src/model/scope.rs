//! Scopes: what a login asks for, space-separated (RFC 6749 section 3.3) in DiracX's vocabulary.

use std::fmt;

use crate::text;

/// The scope of a flow or token: one `vo:NAME`, at most one `group:NAME`, any number of `property:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope(String);

impl Scope {
    /// The scope as stored. DiracX has checked it before; nothing is refused here.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The exact text, for storing; not for showing.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn first(&self, prefix: &str) -> Option<&str> {
        self.0.split_whitespace().find_map(|word| word.strip_prefix(prefix)).filter(|name| !name.is_empty())
    }

    /// The VO asked for.
    #[must_use]
    pub fn vo(&self) -> Option<&str> {
        self.first("vo:")
    }

    /// The group asked for; the VO's default group where none is named.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.first("group:")
    }

    /// The properties asked for.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.0.split_whitespace().filter_map(|word| word.strip_prefix("property:"))
    }
}

/// Made harmless for a terminal.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&text::harmless(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_its_parts() {
        let scope = Scope::from_stored("vo:lhcb group:lhcb_user property:NormalUser property:Pilot".to_owned());
        assert_eq!((scope.vo(), scope.group()), (Some("lhcb"), Some("lhcb_user")));
        assert_eq!(scope.properties().collect::<Vec<_>>(), ["NormalUser", "Pilot"]);
    }

    #[test]
    fn an_odd_scope_has_no_parts_but_is_kept() {
        let scope = Scope::from_stored("openid vo:".to_owned());
        assert_eq!((scope.vo(), scope.group(), scope.as_str()), (None, None, "openid vo:"));
    }
}
