//! What `DiracX` will say to an approval when the client comes for its tokens: its checks, in its order
//! (`parse_and_validate_scope` and `get_verified_preferred_username` in `diracx.logic.auth`).

use std::fmt;

use super::Registry;
use crate::model::Scope;
use crate::text::harmless;

/// Why `DiracX` would mint no token. Its `Display` form says so in a sentence, made harmless.
///
/// In each case the exchange fails and its transaction is undone, so that the code stays READY and fails at every poll
/// until it has expired.
///
/// # Examples
/// ```
/// use authdb_shared::model::Scope;
/// use authdb_shared::registry::{Mismatch, Registry};
///
/// let registry = Registry::parse(
///     b"Registry: {lhcb: {DefaultGroup: lhcb_user, Groups: {lhcb_user: {Users: []}},
///       Users: {alice: {PreferedUsername: alice}}}}",
/// )?;
/// let mismatch = registry.mismatch(&Scope::from_stored("vo:lhcb".to_owned()), "alice").expect("she is no member");
/// assert!(mismatch.to_string().starts_with("alice is not a member of lhcb_user, lhcb's default group"));
/// # Ok::<(), authdb_shared::registry::RegistryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The scope's VO is not in the registry.
    NoVo {
        /// The VO; none if the scope names none.
        vo: Option<String>,
    },
    /// The scope's group is not in the VO.
    NoGroup {
        /// The VO.
        vo: String,
        /// The group.
        group: String,
    },
    /// The subject is not registered.
    NotRegistered {
        /// The VO.
        vo: String,
        /// The subject without it.
        sub: String,
    },
    /// The subject is not in the group.
    NotMember {
        /// The VO.
        vo: String,
        /// The subject without it.
        sub: String,
        /// The group.
        group: String,
        /// Whether the scope names no group, so that it is the VO's default one.
        is_default: bool,
    },
    /// The scope asks for a property that none of the subject's groups has.
    Property {
        /// The subject without the VO.
        sub: String,
        /// The property.
        property: String,
    },
}

impl Mismatch {
    /// The status code of HTTP that the client's poll is answered with.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::registry::Mismatch;
    ///
    /// assert_eq!(Mismatch::NoVo { vo: None }.status(), 400);
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NoVo { .. } | Self::NoGroup { .. } => 400,
            // "Dynamic registration of users is not yet implemented"
            Self::NotRegistered { .. } => 500,
            Self::NotMember { .. } | Self::Property { .. } => 403,
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoVo { vo: None } => f.write_str("The scope names no VO")?,
            Self::NoVo { vo: Some(vo) } => write!(f, "The registry has no VO {}", harmless(vo))?,
            Self::NoGroup { vo, group } => {
                write!(f, "The registry has no group {} in {}", harmless(group), harmless(vo))?;
            }
            Self::NotRegistered { vo, sub } => {
                write!(f, "{} is not a registered user of {}", harmless(sub), harmless(vo))?;
            }
            Self::NotMember { sub, group, is_default: false, .. } => {
                write!(f, "{} is not a member of the group {}", harmless(sub), harmless(group))?;
            }
            Self::NotMember { vo, sub, group, is_default: true } => {
                let (sub, group, vo) = (harmless(sub), harmless(group), harmless(vo));
                write!(f, "{sub} is not a member of {group}, {vo}'s default group")?;
            }
            Self::Property { sub, property } => {
                write!(f, "No group of {} has the property {}", harmless(sub), harmless(property))?;
            }
        }
        write!(
            f,
            ": DiracX answers the client's polls with an error ({}) and mints no token. The login fails, and its code \
             cannot be approved again.",
            self.status()
        )
    }
}

impl Registry {
    /// Why `DiracX` would mint no token for this subject (without its VO) and scope, as far as this registry tells;
    /// `None` if it would.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::model::Scope;
    /// use authdb_shared::registry::{Mismatch, Registry};
    ///
    /// let registry = Registry::parse(b"Registry: {lhcb: {}}")?;
    /// let belle = Scope::from_stored("vo:belle".to_owned());
    /// assert_eq!(registry.mismatch(&belle, "alice"), Some(Mismatch::NoVo { vo: Some("belle".to_owned()) }));
    /// # Ok::<(), authdb_shared::registry::RegistryError>(())
    /// ```
    #[must_use]
    pub fn mismatch(&self, scope: &Scope, sub: &str) -> Option<Mismatch> {
        let sub = sub.trim();
        let Some((name, vo)) = scope.vo().and_then(|name| Some((name, self.vo(name)?))) else {
            return Some(Mismatch::NoVo { vo: scope.vo().map(str::to_owned) });
        };
        let group = scope.group().unwrap_or(&vo.default_group);
        if !vo.groups.contains_key(group) {
            return Some(Mismatch::NoGroup { vo: name.to_owned(), group: group.to_owned() });
        }
        if vo.user(sub).is_none() {
            return Some(Mismatch::NotRegistered { vo: name.to_owned(), sub: sub.to_owned() });
        }
        if !vo.is_member(sub, group) {
            let (vo, sub, group) = (name.to_owned(), sub.to_owned(), group.to_owned());
            return Some(Mismatch::NotMember { vo, sub, group, is_default: scope.group().is_none() });
        }
        let is_allowed = |property: &str| {
            vo.groups.values().any(|group| group.users.contains(sub) && group.properties.contains(property))
        };
        let property = scope.properties().find(|property| !is_allowed(property))?;
        Some(Mismatch::Property { sub: sub.to_owned(), property: property.to_owned() })
    }
}
