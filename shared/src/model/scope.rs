//! Scopes: what a login asks for, space-separated (RFC 6749 section 3.3) in DiracX's vocabulary.

use std::fmt;

use crate::text;

/// The scope of a flow or token: one `vo:NAME`, at most one `group:NAME`, any number of `property:NAME` (DiracX's
/// `parse_and_validate_scope`).
///
/// # Examples
/// ```
/// use authdb_shared::model::Scope;
///
/// let scope = Scope::from_stored("vo:lhcb group:lhcb_user property:NormalUser".to_owned());
/// assert_eq!((scope.vo(), scope.group()), (Some("lhcb"), Some("lhcb_user")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope(String);

impl Scope {
    /// The scope as stored. DiracX has checked it before; nothing is refused here.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::Scope;
    ///
    /// let odd = Scope::from_stored("openid".to_owned());
    /// assert_eq!((odd.as_str(), odd.vo()), ("openid", None), "kept as it is");
    /// ```
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The exact text, for storing; not for showing.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::Scope;
    ///
    /// let hostile = Scope::from_stored("vo:lhcb \u{1b}[2J".to_owned());
    /// assert_eq!(hostile.as_str(), "vo:lhcb \u{1b}[2J");
    /// assert_eq!(hostile.to_string(), "vo:lhcb ␛[2J", "to be shown");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn first(&self, prefix: &str) -> Option<&str> {
        self.0.split_whitespace().find_map(|word| word.strip_prefix(prefix)).filter(|name| !name.is_empty())
    }

    /// The VO asked for.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::Scope;
    ///
    /// assert_eq!(Scope::from_stored("group:lhcb_user vo:lhcb".to_owned()).vo(), Some("lhcb"));
    /// assert_eq!(Scope::from_stored("vo:".to_owned()).vo(), None);
    /// ```
    #[must_use]
    pub fn vo(&self) -> Option<&str> {
        self.first("vo:")
    }

    /// The group asked for. `None` stands for the VO's default group, which DiracX looks up in its configuration.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::Scope;
    ///
    /// assert_eq!(Scope::from_stored("vo:lhcb group:lhcb_prmgr".to_owned()).group(), Some("lhcb_prmgr"));
    /// assert_eq!(Scope::from_stored("vo:lhcb".to_owned()).group(), None);
    /// ```
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.first("group:")
    }

    /// The properties asked for.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::Scope;
    ///
    /// let scope = Scope::from_stored("vo:lhcb property:NormalUser property:Pilot".to_owned());
    /// assert_eq!(scope.properties().collect::<Vec<_>>(), ["NormalUser", "Pilot"]);
    /// ```
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
