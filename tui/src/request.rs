//! What an admin asks to be done to rows, with their keys frozen in the moment of asking.

use authdb_shared::ids::{FlowId, Jti, Subject, UserCode};

/// Something to be planned, shown and confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Deny device flows.
    Deny(Vec<UserCode>),
    /// Cancel authorization flows.
    Cancel(Vec<FlowId>),
    /// Revoke tokens.
    Revoke(Vec<Jti>),
    /// Revoke all tokens of subjects.
    RevokeSubjects(Vec<Subject>),
}

impl Request {
    /// How many rows it names.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Deny(codes) => codes.len(),
            Self::Cancel(flows) => flows.len(),
            Self::Revoke(tokens) => tokens.len(),
            Self::RevokeSubjects(subjects) => subjects.len(),
        }
    }

    /// Whether it names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is asked for, in a few words and harmless; no question yet, since nothing is known of the rows.
    #[must_use]
    pub fn words(&self) -> String {
        let count = self.len();
        match self {
            Self::Deny(codes) => match codes.as_slice() {
                [code] => format!("Deny {code}"),
                _ => format!("Deny {count} device flows"),
            },
            Self::Cancel(_) if count == 1 => "Cancel this authorization flow".to_owned(),
            Self::Cancel(_) => format!("Cancel {count} authorization flows"),
            Self::Revoke(_) if count == 1 => "Revoke this token".to_owned(),
            Self::Revoke(_) => format!("Revoke {count} tokens"),
            Self::RevokeSubjects(subjects) => match subjects.as_slice() {
                [subject] => format!("Revoke ALL tokens of {subject}"),
                _ => format!("Revoke ALL tokens of {count} subjects"),
            },
        }
    }
}
