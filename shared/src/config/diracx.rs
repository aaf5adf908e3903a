//! The policy in force beside what the DiracX service of this environment is told: where the two differ, people are shown
//! as logged in who are not, or flows are expired that could still be completed.

use super::keys::{DiracXUnit, KEYS};
use super::settings::{Settings, Sources};
use super::{Config, ConfigError, kinds};

/// A key that DiracX has too, with both values.
///
/// # Examples
/// ```
/// use authdb_shared::config::{Config, Sources};
///
/// let sources = Sources::default()
///     .with_variable("DIRACX_SERVICE_AUTH_REFRESH_TOKEN_EXPIRE_MINUTES", "90")
///     .with_variable("AUTHDB_POLICY_REFRESH_TOKEN_LIFETIME", "60m");
/// let told: Vec<_> = Config::beside_diracx(&sources)?.into_iter().filter(|both| both.diracx.is_some()).collect();
/// assert_eq!(told[0].key, "policy.refresh_token_lifetime");
/// assert!(!told[0].agrees, "ours wins, and it is not what the service does");
/// # Ok::<(), authdb_shared::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BesideDiracX {
    /// `policy.name`.
    pub key: &'static str,
    /// The value in force here.
    pub value: String,
    /// Where that came from.
    pub origin: String,
    /// DiracX's variable.
    pub variable: &'static str,
    /// What the variable says in this environment; none if it is not set here.
    pub diracx: Option<String>,
    /// Whether both mean the same; true where the variable is not set.
    pub agrees: bool,
}

impl Config {
    /// Every key of `[policy]` that DiracX has too, beside the variable that the service takes it from.
    ///
    /// # Errors
    /// As [`Config::load`].
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::config::{Config, Sources};
    ///
    /// let both = Config::beside_diracx(&Sources::default())?;
    /// assert!(both.iter().all(|both| both.diracx.is_none() && both.agrees), "nothing is known of the service here");
    /// # Ok::<(), authdb_shared::config::ConfigError>(())
    /// ```
    pub fn beside_diracx(sources: &Sources) -> Result<Vec<BesideDiracX>, ConfigError> {
        Self::load(sources)?;
        let settings = Settings::collect(sources)?;
        let policy = KEYS.iter().filter(|key| key.name.starts_with("policy."));
        let both = policy.filter_map(|key| {
            let (variable, unit) = key.diracx?;
            let (_, setting) = settings.setting(key.name);
            let diracx = sources.variable(variable).map(str::to_owned);
            let agrees = diracx.as_deref().is_none_or(|theirs| is_same(&setting.text, theirs, unit));
            let (value, origin) = (setting.text.clone(), setting.origin.to_string());
            Some(BesideDiracX { key: key.name, value, origin, variable, diracx, agrees })
        });
        Ok(both.collect())
    }
}

/// Whether our text means the same as DiracX's number.
fn is_same(ours: &str, theirs: &str, unit: DiracXUnit) -> bool {
    let suffix = match unit {
        DiracXUnit::Verbatim => return ours.trim() == theirs.trim(),
        DiracXUnit::Seconds => "s",
        DiracXUnit::Minutes => "m",
    };
    let theirs = kinds::duration(&format!("{}{suffix}", theirs.trim()));
    matches!((kinds::duration(ours), theirs), (Ok(ours), Ok(theirs)) if ours == theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_agree_however_they_are_written() {
        assert!(is_same("1h", "60", DiracXUnit::Minutes));
        assert!(is_same("10m", "600", DiracXUnit::Seconds));
        assert!(!is_same("60m", "90", DiracXUnit::Minutes));
        assert!(is_same("6", "6", DiracXUnit::Verbatim) && !is_same("6", "12", DiracXUnit::Verbatim));
    }
}
