//! Texts that rows must contain, begin with or equal, and the LIKE patterns that stand for them.

use crate::ids::Subject;
use crate::model::Scope;

/// The text that the rows of a list must contain somewhere, in either case of ASCII letters. Empty: every row.
///
/// # Examples
/// ```
/// use authdb_shared::db::{Containing, TokenFilter};
///
/// let filter = TokenFilter { containing: Containing::new("group:lhcb_prmgr"), ..TokenFilter::live() };
/// assert_ne!(filter.containing, Containing::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Containing(String);

impl Containing {
    /// Rows containing `text`, taken literally.
    ///
    /// # Examples
    /// ```
    /// use authdb_shared::db::Containing;
    ///
    /// assert_eq!(Containing::new("  alice \n"), Containing::new("alice"));
    /// assert_eq!(Containing::new(" "), Containing::default(), "as a search field that is empty: every row");
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// As a LIKE pattern under `ESCAPE '!'`.
    pub(in crate::db) fn pattern(&self) -> String {
        containing(&self.0)
    }

    /// The same without dashes, for keys that are stored without them but shown with them.
    pub(in crate::db) fn key_pattern(&self) -> String {
        containing(&self.0.replace('-', ""))
    }

    /// Whether a row does: its key with or without dashes, or one of its texts.
    pub(super) fn is_in(&self, key: &str, texts: &[&str]) -> bool {
        let without_dashes = self.0.replace('-', "");
        let is_in_key = !without_dashes.is_empty() && contains(&key.replace('-', ""), &without_dashes);
        self.0.is_empty() || is_in_key || texts.iter().any(|text| contains(text, &self.0))
    }
}

/// Whose rows are wanted.
///
/// # Examples
/// ```
/// use authdb_shared::db::{SubjectFilter, TokenFilter};
/// use authdb_shared::ids::Subject;
///
/// // Everybody of a VO. Subject::new refuses an empty beginning, which would be everybody.
/// let of_lhcb = SubjectFilter::BeginningWith(Subject::new("lhcb:")?);
/// let filter = TokenFilter { subject: Some(of_lhcb), ..TokenFilter::live() };
/// assert!(Subject::new("").is_err() && filter.subject.is_some());
/// # Ok::<(), authdb_shared::ids::SubjectError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectFilter {
    /// This subject, case and accents included.
    Exactly(Subject),
    /// Subjects that begin so.
    BeginningWith(Subject),
}

impl SubjectFilter {
    pub(super) fn admits(&self, subject: &str) -> bool {
        match self {
            Self::Exactly(wanted) => subject == wanted.as_str(),
            Self::BeginningWith(beginning) => subject.starts_with(beginning.as_str()),
        }
    }

    pub(super) fn pattern(&self) -> String {
        match self {
            Self::Exactly(wanted) => literal(wanted.as_str()),
            Self::BeginningWith(beginning) => format!("{}%", literal(beginning.as_str())),
        }
    }
}

/// What a wanted scope names.
///
/// # Examples
/// ```
/// use authdb_shared::db::{Order, PageRequest, ScopeFilter, TokenFilter};
///
/// # use authdb_shared::{actor::Actor, clock, config::Sources, db::AuthDb, demo::Demo};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let config = Demo::configuration(Sources::default(), &folder.path().join("authdb.sqlite3"))?;
/// # let db = AuthDb::create(&config.database, clock::host_now()).await?;
/// # let permit = db.write_permit(&Actor::of_this_process())?;
/// # let alice = authdb_shared::ids::Subject::new("lhcb:alice")?;
/// # let scope = authdb_shared::model::Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
/// # let mut work = db.begin(&permit).await?;
/// # let jti = authdb_shared::ids::Jti::issue(work.now(), &mut clock::randomness());
/// # work.insert_refresh_token(&jti, &alice, &scope).await?;
/// # work.commit().await?;
/// let request = PageRequest::first(Order::NewestFirst, 100);
/// let scope = ScopeFilter { vo: Some("belle".to_owned()), ..ScopeFilter::default() };
/// let filter = TokenFilter { scope, ..TokenFilter::live() };
/// assert!(db.refresh_tokens(&filter, &config.policy, &request).await?.rows.is_empty(), "{alice} is of lhcb");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeFilter {
    /// This VO.
    pub vo: Option<String>,
    /// This group.
    pub group: Option<String>,
    /// This text somewhere, in either case of ASCII letters. Empty: no scope at all.
    pub containing: Option<String>,
}

impl ScopeFilter {
    pub(super) fn admits(&self, scope: &Scope) -> bool {
        let has =
            |wanted: &str| if wanted.is_empty() { scope.as_str().is_empty() } else { contains(scope.as_str(), wanted) };
        is_or_any(self.vo.as_deref(), scope.vo())
            && is_or_any(self.group.as_deref(), scope.group())
            && self.containing.as_deref().is_none_or(has)
    }

    pub(super) fn patterns(&self) -> [String; 3] {
        let naming = |kind: &str, name: &Option<String>| {
            name.as_ref().map_or_else(any, |name| containing(&format!("{kind}:{name}")))
        };
        let text = self.containing.as_deref();
        let text = text.map_or_else(any, |text| if text.is_empty() { literal(text) } else { containing(text) });
        [naming("vo", &self.vo), naming("group", &self.group), text]
    }
}

pub(super) fn is_or_any(wanted: Option<&str>, found: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| found == Some(wanted))
}

/// Whether a text stands in another, in either case of ASCII letters.
fn contains(text: &str, wanted: &str) -> bool {
    text.to_ascii_lowercase().contains(&wanted.to_ascii_lowercase())
}

/// The pattern that everything matches.
pub(super) fn any() -> String {
    "%".to_owned()
}

/// The pattern that matches a text alone.
pub(in crate::db) fn literal(text: &str) -> String {
    let mut pattern = String::new();
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern
}

/// The pattern that matches a text anywhere.
fn containing(text: &str) -> String {
    format!("%{}%", literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        Subject::new(text).expect("not empty")
    }

    #[test]
    fn a_filter_is_taken_literally() {
        assert_eq!(Containing::new(" 100%_x! ").pattern(), "%100!%!_x!!%");
        assert_eq!(Containing::new("BCDF-GHJK").key_pattern(), "%BCDFGHJK%");
        assert_eq!(SubjectFilter::BeginningWith(subject("lhcb:a_")).pattern(), "lhcb:a!_%");
    }

    #[test]
    fn an_empty_name_selects_nothing_rather_than_everything() {
        let scope = Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
        let nameless = ScopeFilter { vo: Some(String::new()), ..ScopeFilter::default() };
        assert!(!nameless.admits(&scope) && ScopeFilter::default().admits(&scope));
    }

    #[test]
    fn a_text_is_looked_for_in_each_column_by_itself() {
        let texts = ["PENDING", "client-1"];
        assert!(Containing::new("bcdf-GHJK").is_in("BCDFGHJK", &texts));
        assert!(Containing::new("T-1").is_in("BCDFGHJK", &texts));
        assert!(!Containing::new("G\nclient").is_in("BCDFGHJK", &texts));
        assert!(!Containing::new("-").is_in("01a2-2ee6", &["PENDING"]), "dashes alone are in no key");
    }

    #[test]
    fn names_are_compared_exactly_and_texts_in_either_case() {
        let scope = Scope::from_stored("vo:lhcb group:lhcb_user".to_owned());
        let filter = |vo: Option<&str>, containing: Option<&str>| ScopeFilter {
            vo: vo.map(str::to_owned),
            group: None,
            containing: containing.map(str::to_owned),
        };
        assert!(filter(Some("lhcb"), Some("LHCB_U")).admits(&scope));
        assert!(!filter(Some("LHCB"), None).admits(&scope));
        assert!(!filter(Some("lhc"), None).admits(&scope), "a VO is not the beginning of another");
    }
}
