//! Changes: asking for them, starting them, and saying what became of them.

use authdb_shared::Timestamp;
use authdb_shared::db::{DbError, RevokedSubject};
use authdb_shared::ids::Subject;
use authdb_shared::liveness::{FlowState, Liveness};

use super::{App, Confirm, Dialog, Screen, Tone};
use crate::action::Changed;
use crate::draw::format;
use crate::effect::{Change, Effect};

impl App {
    fn ask(&mut self, title: String, verb: &'static str, consequences: Vec<String>, change: Change) {
        self.dialog = Some(Dialog::Confirm(Confirm { title, consequences, verb, change, is_counting: false }));
    }

    pub(super) fn ask_deny(&mut self) -> Vec<Effect> {
        let Some(flow) = self.device_flows.selected() else { return Vec::new() };
        let state = flow.state(self.now(), &self.policy);
        let mut consequences = vec![
            format!(
                "Client {}, scope {}, started {} ago.",
                format::harmless(&flow.client_id),
                flow.scope,
                self.age(flow.created)
            ),
            "The flow becomes ERROR. The client is told so at its next poll, and its user has to log in again."
                .to_owned(),
        ];
        if let FlowState::Ready { .. } = state {
            let sub = flow.sub.as_deref().map(format::harmless).unwrap_or_default();
            consequences.push(format!("It has been approved for {sub}, but its tokens have not been fetched yet."));
        }
        let (title, change) = (format!("Deny {}?", flow.user_code), Change::Deny(flow.user_code.clone()));
        self.ask(title, "deny it", consequences, change);
        Vec::new()
    }

    pub(super) fn ask_cancel(&mut self) -> Vec<Effect> {
        let Some(flow) = self.authorization_flows.selected() else { return Vec::new() };
        let consequences = vec![
            format!("Flow {}", flow.id),
            format!("Client {}, scope {}, started {} ago.", format::harmless(&flow.client_id), flow.scope, self.age(flow.created)),
            "The flow becomes ERROR: the login that is under way in the browser fails, and its user has to start again."
                .to_owned(),
        ];
        let change = Change::Cancel(flow.id.clone());
        self.ask("Cancel this authorization flow?".to_owned(), "cancel it", consequences, change);
        Vec::new()
    }

    pub(super) fn ask_revoke(&mut self) -> Vec<Effect> {
        let Some(token) = self.tokens.selected() else { return Vec::new() };
        let subject = token.subject.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
        let liveness = match token.liveness(self.now(), &self.policy) {
            Liveness::Live { left } => format!("live for another {}", format::span(left)),
            Liveness::Expired { ago } => {
                format!("expired {} ago, so that nothing changes for its client", format::span(ago))
            }
            other => other.to_string(),
        };
        let mut consequences = vec![
            format!("Token {}", token.jti),
            format!("Issued {} ago; {liveness}. Scope {}.", self.age(token.jti.issued_at()), token.scope),
            format!(
                "If its client still runs, the next refresh presents a revoked token, and DiracX then revokes ALL \
                 tokens of {subject}{}.",
                token.subject.as_ref().map(|subject| self.live_now(subject)).unwrap_or_default()
            ),
        ];
        consequences.extend(self.after_revocation());
        let change = Change::Revoke(token.jti.clone());
        self.ask(format!("Revoke one token of {subject}?"), "revoke it", consequences, change);
        Vec::new()
    }

    pub(super) fn ask_revoke_subject(&mut self) -> Vec<Effect> {
        let Some(subject) = self.subject_at_cursor().cloned() else { return Vec::new() };
        let mut consequences = vec![
            "Counting the tokens that are not revoked yet…".to_owned(),
            format!("All clients of {subject} have to log in again{}.", self.live_now(&subject)),
        ];
        consequences.extend(self.after_revocation());
        self.dialog = Some(Dialog::Confirm(Confirm {
            title: format!("Revoke ALL tokens of {subject}?"),
            consequences,
            verb: "revoke them all",
            change: Change::RevokeSubject(subject.clone()),
            is_counting: true,
        }));
        vec![Effect::Count(subject)]
    }

    /// Takes in the count that the question about a subject was waiting for.
    pub(super) fn counted(&mut self, counted: &Subject, count: Result<u64, DbError>) {
        let Some(Dialog::Confirm(confirm)) = &mut self.dialog else { return };
        if confirm.change != Change::RevokeSubject(counted.clone()) || !confirm.is_counting {
            return;
        }
        match count {
            Ok(0) => {
                self.dialog = None;
                self.say(Tone::Plain, format!("Every token of {counted} is revoked already."));
            }
            Ok(count) => {
                confirm.is_counting = false;
                confirm.consequences[0] = format!(
                    "Tokens that are not revoked yet, live or expired: {}. All of them become REVOKED.",
                    format::number(count)
                );
            }
            Err(error) => {
                self.dialog = None;
                self.say(Tone::Bad, error.to_string());
            }
        }
    }

    fn after_revocation(&self) -> [String; 2] {
        let lifetime = self.policy.access_token_lifetime;
        [
            format!(
                "Access tokens already issued go on working for up to {}, until {}.",
                format::span(lifetime),
                format::clock(self.now().after(lifetime))
            ),
            "Tokens of the legacy exchange are not affected: DiracX does not look at their status.".to_owned(),
        ]
    }

    /// ` (3 live now)`, where it is known.
    fn live_now(&self, subject: &Subject) -> String {
        let summary = self.subjects.rows.iter().find(|summary| summary.subject == *subject);
        summary.map(|summary| format!(" ({} live now)", summary.live)).unwrap_or_default()
    }

    fn age(&self, since: Option<Timestamp>) -> String {
        since.map_or_else(|| "an unknown time".to_owned(), |since| format::span(self.now().since(since)))
    }

    /// Starts a change that was confirmed.
    pub(super) fn begin(&mut self, change: Change) -> Vec<Effect> {
        self.dialog = None;
        self.changing = Some(change.clone());
        vec![Effect::Change(change)]
    }

    /// Says what became of a change, and reads what it touched anew.
    pub(super) fn changed(&mut self, change: &Change, changed: Changed) -> Vec<Effect> {
        self.changing = None;
        let (tone, text) = self.outcome(change, changed);
        self.say(tone, text);
        if self.is_leaving {
            return vec![Effect::Quit];
        }
        let touched = match change {
            Change::Approve(..) | Change::Deny(_) => [Screen::DeviceFlows, Screen::Tokens],
            Change::Cancel(_) => [Screen::AuthorizationFlows, Screen::Tokens],
            Change::Revoke(_) | Change::RevokeSubject(_) => [Screen::Subjects, Screen::Tokens],
        };
        touched.into_iter().filter_map(|screen| self.fetch(screen)).collect()
    }

    fn outcome(&self, change: &Change, changed: Changed) -> (Tone, String) {
        let until = format::clock(self.now().after(self.policy.access_token_lifetime));
        match changed {
            Changed::Approved(result) => said(result, |flow| {
                let sub = match change {
                    Change::Approve(_, claims) => format::harmless(&claims.sub),
                    _ => String::new(),
                };
                let vo = flow.scope.vo().map(format::harmless).unwrap_or_default();
                format!("{} is approved for {vo}:{sub}. Its client gets the tokens at its next poll.", flow.user_code)
            }),
            Changed::Denied(result) => said(result, |()| match change {
                Change::Deny(code) => format!("{code} is denied."),
                _ => "Denied.".to_owned(),
            }),
            Changed::Cancelled(result) => said(result, |()| "The authorization flow is cancelled.".to_owned()),
            Changed::Revoked(result) => said(result, |token| {
                let subject = token.subject.map_or_else(|| "nobody".to_owned(), |subject| subject.to_string());
                format!("One token of {subject} is revoked. Access tokens work until {until} at the latest.")
            }),
            Changed::RevokedSubject(Ok(RevokedSubject { revoked, stopped_by })) => {
                let whom = match change {
                    Change::RevokeSubject(subject) => subject.to_string(),
                    _ => String::new(),
                };
                let done = format!("{} of {whom} revoked", format::counted(revoked, "token"));
                match stopped_by {
                    None => (Tone::Good, format!("{done}. Access tokens work until {until} at the latest.")),
                    Some(error) => (Tone::Bad, format!("{done}; the rest is NOT revoked: {error}")),
                }
            }
            Changed::RevokedSubject(Err(error)) => (Tone::Bad, error.to_string()),
        }
    }
}

/// Done, refused by the state of the row, or failed.
fn said<T, R: std::fmt::Display>(
    result: Result<Result<T, R>, DbError>,
    done: impl FnOnce(T) -> String,
) -> (Tone, String) {
    match result {
        Ok(Ok(value)) => (Tone::Good, done(value)),
        Ok(Err(refusal)) => (Tone::Bad, format!("Nothing was changed: {refusal}")),
        Err(error) if error.is_connection_loss() => {
            (Tone::Bad, format!("{error}. Whether it was done is not known: look again when the database is back."))
        }
        Err(error) => (Tone::Bad, error.to_string()),
    }
}
