//! Asking before a change, on a terminal; elsewhere `--yes` must have said it.
//!
//! What must be typed grows with what can be lost: a letter for one row, the number for several, the subject for all of its
//! tokens, and the name of the context for more than twenty rows and for everything in production. The words of the question
//! are never the words of the answer that somebody types without reading.

use std::io::{BufRead, IsTerminal, Write};

use authdb_shared::config::ContextConfig;
use authdb_shared::session_plan::{PlanStep, TYPED_FROM};

use super::UsageError;
use super::change::{action, target};

/// What must be typed, and what it is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// What is asked.
    pub(super) text: String,
    /// The answer that is a yes.
    pub(super) answer: String,
}

impl Question {
    /// The question for these changes, of which there is at least one.
    pub(super) fn about(steps: &[PlanStep], context: &ContextConfig) -> Self {
        let (count, what, name) = (steps.len(), change(steps), &context.name);
        let (text, answer) = match steps {
            _ if context.is_production => {
                (format!("{what} in the PRODUCTION context {name}? Type {name}"), name.clone())
            }
            [PlanStep::RevokeSubject(subject)] => (format!("{what}? Type the subject"), subject.as_str().to_owned()),
            _ if count as u64 >= TYPED_FROM => (format!("{what} in the context {name}? Type {name}"), name.clone()),
            [_] => (format!("{what}? Type y"), "y".to_owned()),
            _ => (format!("{what}? Type their number"), count.to_string()),
        };
        Self { text, answer }
    }

    /// The question for an approval that the registry speaks against: the subject is typed once more, and in production
    /// the name of the context behind it.
    pub(super) fn against_the_registry(steps: &[PlanStep], context: &ContextConfig) -> Self {
        match steps.first() {
            Some(PlanStep::Approve(code, claims)) if context.is_production => {
                let text = format!(
                    "approve {code} against the registry in the PRODUCTION context {0}? Type the subject, a blank and {0}",
                    context.name
                );
                Self { text, answer: format!("{} {}", claims.sub.trim(), context.name) }
            }
            Some(PlanStep::Approve(code, claims)) => {
                let text = format!("approve {code} against the registry? Type the subject");
                Self { text, answer: claims.sub.trim().to_owned() }
            }
            _ => Self::about(steps, context),
        }
    }

    /// Asks on a terminal, and takes anything but the answer for a no.
    pub(super) fn ask(&self, mut input: impl BufRead, mut output: impl Write) -> std::io::Result<bool> {
        write!(output, "authdb: {} to go on: ", authdb_shared::text::harmless(&self.text))?;
        output.flush()?;
        let mut typed = String::new();
        input.read_line(&mut typed)?;
        Ok(typed.trim() == self.answer)
    }
}

/// What would be done, and to what or to whom.
fn change(steps: &[PlanStep]) -> String {
    match steps {
        [PlanStep::RevokeSubject(subject)] => format!("revoke all tokens of {subject}"),
        [step] => format!("{} {}", action(step), target(step)),
        _ => format!("{} {} rows", steps.first().map_or("change", action), steps.len()),
    }
}

/// Whether somebody can be asked.
///
/// # Errors
/// If nobody can.
pub(super) fn require_terminal(keys_are_piped: bool) -> Result<(), UsageError> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if is_terminal && !keys_are_piped { Ok(()) } else { Err(UsageError::NobodyToAsk) }
}

#[cfg(test)]
mod tests {
    use authdb_shared::ids::{Jti, Subject, UserCode};

    use super::*;

    fn context(is_production: bool) -> ContextConfig {
        let (name, place) = ("lhcb".to_owned(), "AuthDB at db".to_owned());
        ContextConfig { name, place, colour: None, read_only: false, is_production }
    }

    fn says_yes(question: &Question, typed: &str) -> bool {
        question.ask(typed.as_bytes(), Vec::new()).expect("memory answers")
    }

    #[test]
    fn one_row_takes_a_letter_and_nothing_else() {
        let question = Question::about(&[PlanStep::Deny(UserCode::read("BCDFGHJK").expect("a code"))], &context(false));
        assert_eq!(question.text, "deny BCDF-GHJK? Type y");
        assert!(says_yes(&question, "y\n"));
        for no in ["", "\n", "n\n", "Y\n", "yes\n", "1\n"] {
            assert!(!says_yes(&question, no), "{no:?}");
        }
    }

    #[test]
    fn several_rows_take_their_number_and_a_subject_its_name() {
        let jti = || Jti::from_stored("01a22ee6b0007abc800000000000000f".to_owned());
        let several = Question::about(
            &[PlanStep::Revoke(jti()), PlanStep::Revoke(jti()), PlanStep::Revoke(jti())],
            &context(false),
        );
        assert!(says_yes(&several, "3\n") && !says_yes(&several, "y\n"));
        let subject = Subject::new("lhcb:alice").expect("a subject");
        let all = Question::about(&[PlanStep::RevokeSubject(subject)], &context(false));
        assert!(says_yes(&all, "lhcb:alice\n"));
        assert!(!says_yes(&all, "y\n") && !says_yes(&all, "lhcb:Alice\n"));
    }

    #[test]
    fn production_and_many_rows_take_the_name_of_the_context() {
        let jti = || PlanStep::Revoke(Jti::from_stored("01a22ee6b0007abc800000000000000f".to_owned()));
        let one = Question::about(&[jti()], &context(true));
        assert!(one.text.contains("in the PRODUCTION context lhcb? Type lhcb"), "{}", one.text);
        assert!(says_yes(&one, "lhcb\n") && !says_yes(&one, "y\n"));
        let subject = Subject::new("lhcb:alice").expect("a subject");
        let all = Question::about(&[PlanStep::RevokeSubject(subject)], &context(true));
        assert_eq!(all.text, "revoke all tokens of lhcb:alice in the PRODUCTION context lhcb? Type lhcb");
        assert!(says_yes(&all, "lhcb\n") && !says_yes(&all, "lhcb:alice\n"), "a subject is the same word in test");
        let many: Vec<PlanStep> = (0..21).map(|_| jti()).collect();
        let many = Question::about(&many, &context(false));
        assert!(says_yes(&many, "lhcb\n") && !says_yes(&many, "21\n"));
    }
}
