//! Who uses this program: the person and the machine, as the operating system knows them, for the journal.
//!
//! The account of the database says little: a whole team often shares one. So every [`WritePermit`] carries an
//! [`Actor`], and each change is journalled under its name ([`AdminAction`]).
//!
//! [`WritePermit`]: crate::db::WritePermit
//! [`AdminAction`]: crate::db::AdminAction

/// Who changes the database.
///
/// # Examples
/// ```
/// use authdb_shared::actor::Actor;
///
/// // A service acts under its own name rather than that of the account which runs it.
/// let actor = Actor { name: "help desk bot".to_owned(), host: Actor::of_this_process().host };
/// assert_ne!(actor.host, "");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user's login name; with `sudo`, who called it as well.
    pub name: String,
    /// The host.
    pub host: String,
}

impl Actor {
    /// The user and the host of this process. What the system cannot say becomes `unknown`.
    ///
    /// `sudo` leaves the caller's name in `SUDO_USER`. The caller could have set that to anything, so it stands beside
    /// the name that is certain, and not in its place.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::actor::Actor;
    ///
    /// let actor = Actor::of_this_process();
    /// assert!(!actor.name.is_empty() && !actor.host.is_empty());
    /// ```
    #[must_use]
    pub fn of_this_process() -> Self {
        let or_unknown = |known: Result<String, whoami::Error>| known.unwrap_or_else(|_| "unknown".to_owned());
        let user = or_unknown(whoami::username());
        let caller = std::env::var("SUDO_USER").ok().filter(|caller| !caller.is_empty() && *caller != user);
        let name = caller.map_or_else(|| user.clone(), |caller| format!("{user} (sudo by {caller})"));
        Self { name, host: or_unknown(whoami::hostname()) }
    }
}
