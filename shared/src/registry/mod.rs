//! `DiracX`'s registry: which users and groups an installation knows, read from where `DiracX` itself reads it.
//!
//! The registry is part of `DiracX`'s configuration, a `default.yml` in a Git repository (`diracx.core.config.schema`).
//! Whoever approves a code chooses from it, and is told before the fact what `DiracX` will refuse after it
//! ([`Mismatch`]). Nothing here is authority: `DiracX` decides with its own copy, which may be newer.
//!
//! [`RegistrySource`] says where it is, [`RegistrySource::read`] reads it within limits of time and size, and
//! [`Registry`] answers. Everything else that stands in a real configuration is passed over.

mod git;
mod membership;
mod parse;
mod source;

use std::collections::{BTreeMap, BTreeSet};

pub use membership::Mismatch;
pub use source::{RegistrySource, SourceError};

use crate::text;

/// The largest configuration that is read, in bytes. Those of real installations have a few megabytes.
///
/// # Examples
/// ```
/// use authdb_shared::registry::{MAX_BYTES, Registry};
///
/// let too_large = vec![b'#'; MAX_BYTES + 1];
/// assert!(Registry::parse(&too_large).is_err());
/// ```
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Why the registry cannot be read. No message shows an account or a password of the repository's URL.
///
/// # Examples
/// ```
/// use authdb_shared::registry::{RegistryError, RegistrySource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let nowhere = RegistrySource::parse("/nowhere/default.yml")?.expect("a path");
/// let error = nowhere.read().await.expect_err("there is no such file");
/// assert!(matches!(error, RegistryError::Unreadable { .. }));
/// assert!(error.to_string().starts_with("cannot read the registry /nowhere/default.yml: "), "{error}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The file or the repository cannot be read.
    #[error("cannot read the registry {place}: {reason}")]
    Unreadable {
        /// Which.
        place: String,
        /// What was said.
        reason: String,
    },
    /// It takes longer than it may.
    #[error("cannot read the registry {place}: it took longer than {seconds} s")]
    TimeLimit {
        /// Which.
        place: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// It is larger than [`MAX_BYTES`].
    #[error("the registry is larger than {} MiB, and is not read", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// It is not YAML, or not of the form that DiracX reads.
    #[error("the registry is not what DiracX reads: {0}")]
    Malformed(String),
}

/// A registered user.
///
/// # Examples
/// ```
/// use authdb_shared::registry::Registry;
///
/// let yaml = b"Registry: {lhcb: {DefaultGroup: lhcb_user, Groups: {}, Users: {b824: {PreferedUsername: alice}}}}";
/// let registry = Registry::parse(yaml)?;
/// let user = registry.vo("lhcb").and_then(|vo| vo.user("b824")).expect("she is registered");
/// assert_eq!((user.sub.as_str(), user.preferred_username.as_str()), ("b824", "alice"));
/// # Ok::<(), authdb_shared::registry::RegistryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredUser {
    /// The subject, without the VO.
    pub sub: String,
    /// The name for people (`PreferedUsername`).
    pub preferred_username: String,
}

/// A group of a VO.
///
/// # Examples
/// ```
/// use authdb_shared::registry::RegisteredGroup;
///
/// assert!(RegisteredGroup::default().users.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisteredGroup {
    /// The subjects of its members, without the VO.
    pub users: BTreeSet<String>,
    /// What its members may do, in DiracX's words.
    pub properties: BTreeSet<String>,
}

/// A virtual organisation of the registry.
///
/// # Examples
/// ```
/// use authdb_shared::registry::Registry;
///
/// let registry = Registry::parse(b"Registry: {lhcb: {DefaultGroup: lhcb_user}}")?;
/// assert_eq!(registry.vo("lhcb").map(|vo| vo.default_group.as_str()), Some("lhcb_user"));
/// # Ok::<(), authdb_shared::registry::RegistryError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisteredVo {
    /// The group of a scope that names none.
    pub default_group: String,
    /// Its groups by name.
    pub groups: BTreeMap<String, RegisteredGroup>,
    /// Its users by subject.
    pub users: BTreeMap<String, RegisteredUser>,
}

impl RegisteredVo {
    /// A user by the exact subject, without the VO.
    ///
    /// # Examples
    /// See [`RegisteredUser`].
    #[must_use]
    pub fn user(&self, sub: &str) -> Option<&RegisteredUser> {
        self.users.get(sub)
    }

    /// Whether a subject is a member of a group of this name.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::registry::Registry;
    ///
    /// let registry = Registry::parse(b"Registry: {lhcb: {Groups: {lhcb_user: {Users: [b824]}}}}")?;
    /// let lhcb = registry.vo("lhcb").expect("it is there");
    /// assert!(lhcb.is_member("b824", "lhcb_user") && !lhcb.is_member("b824", "lhcb_admin"));
    /// # Ok::<(), authdb_shared::registry::RegistryError>(())
    /// ```
    #[must_use]
    pub fn is_member(&self, sub: &str, group: &str) -> bool {
        self.groups.get(group).is_some_and(|group| group.users.contains(sub))
    }

    /// Up to `limit` users whose subject or name contains what was typed, in either case: those that begin with it first.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::registry::Registry;
    ///
    /// let registry = Registry::parse(
    ///     b"Registry: {lhcb: {Users: {s1: {PreferedUsername: malice}, s2: {PreferedUsername: Alice}}}}",
    /// )?;
    /// let found = registry.vo("lhcb").expect("it is there").search("ali", 8);
    /// let names: Vec<&str> = found.iter().map(|user| user.preferred_username.as_str()).collect();
    /// assert_eq!(names, ["Alice", "malice"]);
    /// # Ok::<(), authdb_shared::registry::RegistryError>(())
    /// ```
    #[must_use]
    pub fn search(&self, typed: &str, limit: usize) -> Vec<RegisteredUser> {
        let typed = typed.trim().to_lowercase();
        let mut inside = Vec::new();
        let mut found = Vec::new();
        for user in self.users.values() {
            let (sub, name) = (user.sub.to_lowercase(), user.preferred_username.to_lowercase());
            if sub == typed || name == typed {
                found.insert(0, user);
            } else if sub.starts_with(&typed) || name.starts_with(&typed) {
                found.push(user);
            } else if inside.len() < limit && (sub.contains(&typed) || name.contains(&typed)) {
                inside.push(user);
            }
        }
        found.into_iter().chain(inside).take(limit).cloned().collect()
    }
}

/// The users and groups of an installation, as they were read.
///
/// # Examples
/// ```
/// use authdb_shared::registry::Registry;
///
/// let registry = Registry::parse(b"DIRAC: {}\nRegistry: {lhcb: {}, belle: {}}")?;
/// assert_eq!((registry.vo_count(), registry.user_count()), (2, 0));
/// assert!(Registry::parse(b"- a list").is_err());
/// # Ok::<(), authdb_shared::registry::RegistryError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    vos: BTreeMap<String, RegisteredVo>,
}

impl Registry {
    /// Reads a `default.yml`, within bounds of size, depth and repetition.
    ///
    /// A key that stands twice counts as it last stood, as for `PyYAML`, with which DiracX reads it.
    ///
    /// # Errors
    /// If it is too large, not YAML, or of another form than DiracX's.
    ///
    /// # Examples
    /// See [`Registry`].
    pub fn parse(yaml: &[u8]) -> Result<Self, RegistryError> {
        parse::parse(yaml)
    }

    /// A VO by its name.
    ///
    /// # Examples
    /// See [`RegisteredVo`].
    #[must_use]
    pub fn vo(&self, name: &str) -> Option<&RegisteredVo> {
        self.vos.get(name)
    }

    /// How many VOs there are.
    ///
    /// # Examples
    /// See [`Registry`].
    #[must_use]
    pub fn vo_count(&self) -> usize {
        self.vos.len()
    }

    /// How many users all VOs have together.
    ///
    /// # Examples
    /// See [`Registry`].
    #[must_use]
    pub fn user_count(&self) -> usize {
        self.vos.values().map(|vo| vo.users.len()).sum()
    }
}

fn malformed(reason: &str) -> RegistryError {
    let line = reason.lines().next().unwrap_or_default();
    RegistryError::Malformed(text::harmless(&line.chars().take(200).collect::<String>()))
}

#[cfg(test)]
mod tests;
