//! Rotation chains: which tokens of a subject are likely the same session.
//!
//! `DiracX` revokes the token that is presented for a refresh and inserts the next one with the same scope; no row holds
//! which followed which. So chains are inferred. A token that was revoked was likely followed by one of its own scope,
//! issued about as long after it as access tokens live, because that is when its client had to refresh, and never later
//! than it could still be refreshed. Each token follows one at most.
//!
//! Where a client refreshes at other times, the neighbours in time are joined. Which of two parallel sessions of one scope
//! a token belongs to cannot be told for certain, and a login soon after a logout looks like a rotation: how many sessions
//! live is sure, their history is likely.

use std::collections::{BTreeSet, HashMap};

use crate::clock::Timestamp;
use crate::model::{RefreshToken, Scope, TokenStatus};
use crate::policy::Policy;

/// Tokens that are likely one session.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use authdb_shared::ids::Jti;
/// use authdb_shared::model::{RefreshToken, Scope, TokenStatus};
/// use authdb_shared::rotation::chains;
/// use authdb_shared::{Policy, Timestamp, clock};
///
/// let now = Timestamp::from_unix_millis(1_795_000_000_000).expect("within the calendar");
/// let token = |minutes, status| RefreshToken {
///     jti: Jti::issue(now.before(Duration::from_mins(minutes)), &mut clock::randomness()),
///     status,
///     scope: Scope::from_stored("vo:lhcb group:lhcb_user".to_owned()),
///     subject: None,
/// };
/// let tokens = [token(1, TokenStatus::Created), token(21, TokenStatus::Revoked), token(40, TokenStatus::Revoked)];
/// let found = chains(&tokens, &Policy::default());
/// assert_eq!((found.len(), found[0].issued.len()), (1, 3), "one session that was refreshed twice");
/// assert_eq!(found[0].newest, tokens[0]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// When its tokens were issued, the oldest first; never empty.
    pub issued: Vec<Timestamp>,
    /// The token at its end, which says what became of the session.
    pub newest: RefreshToken,
}

/// The chains that tokens of one subject likely form, the one with the newest token first. Tokens whose key carries no time
/// are in none.
///
/// # Examples
/// ```
/// use authdb_shared::Policy;
/// use authdb_shared::rotation::chains;
///
/// assert_eq!(chains(&[], &Policy::default()), []);
/// ```
#[must_use]
pub fn chains(tokens: &[RefreshToken], policy: &Policy) -> Vec<Chain> {
    let dated = tokens.iter().filter_map(|token| Some((token.jti.issued_at()?, token)));
    let mut dated: Vec<(Timestamp, &RefreshToken)> = dated.collect();
    dated.sort_by(|one, two| (one.0, one.1.jti.stored()).cmp(&(two.0, two.1.jti.stored())));
    let successors = successors(&dated, policy);
    let mut chains: Vec<Chain> = Vec::new();
    // The chain that a token goes on, for those that follow one.
    let mut continued: HashMap<usize, usize> = HashMap::new();
    for (place, (issued, token)) in dated.iter().enumerate() {
        let chain = continued.remove(&place).unwrap_or(chains.len());
        match chains.get_mut(chain) {
            Some(chain) => {
                chain.issued.push(*issued);
                chain.newest = (*token).clone();
            }
            None => chains.push(Chain { issued: vec![*issued], newest: (*token).clone() }),
        }
        if let Some(successor) = successors[place] {
            continued.insert(successor, chain);
        }
    }
    chains.sort_by_key(|chain| std::cmp::Reverse(chain.issued.last().copied()));
    chains
}

/// Which token likely followed each, by their places.
///
/// The newest chooses first: whatever a client that refreshes often leaves has only its neighbours to choose from then, and
/// the sessions that go their usual way are not mixed up.
fn successors(dated: &[(Timestamp, &RefreshToken)], policy: &Policy) -> Vec<Option<usize>> {
    let mut successors = vec![None; dated.len()];
    // Tokens that follow none yet, by scope; those of the future of the token at hand.
    let mut free: HashMap<&Scope, BTreeSet<(Timestamp, usize)>> = HashMap::new();
    for (place, (issued, token)) in dated.iter().enumerate().rev() {
        let free = free.entry(&token.scope).or_default();
        if token.status == TokenStatus::Revoked {
            let usual = (issued.after(policy.access_token_lifetime), 0);
            let sooner = free.range(..usual).next_back();
            let later = free.range(usual..).next();
            let is_possible = |(next, _): &&(Timestamp, usize)| {
                *next > *issued && next.since(*issued) <= policy.refresh_token_lifetime
            };
            let candidates = [sooner, later].into_iter().flatten().filter(is_possible);
            let nearest = candidates.min_by_key(|(next, _)| next.distance(usual.0)).copied();
            if let Some(next) = nearest {
                free.remove(&next);
                successors[place] = Some(next.1);
            }
        }
        free.insert((*issued, place));
    }
    successors
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::ids::Jti;

    const NOW: i64 = 1_795_000_000_000;
    const CREATED: TokenStatus = TokenStatus::Created;
    const REVOKED: TokenStatus = TokenStatus::Revoked;

    fn token(seconds_ago: u64, status: TokenStatus, scope: &str) -> RefreshToken {
        let now = Timestamp::from_unix_millis(NOW).expect("within the calendar");
        RefreshToken {
            jti: Jti::issue(now.before(Duration::from_secs(seconds_ago)), &mut crate::clock::randomness()),
            status,
            scope: Scope::from_stored(scope.to_owned()),
            subject: None,
        }
    }

    /// Tokens of one scope by their ages in minutes.
    fn tokens(ages: &[(u64, TokenStatus)]) -> Vec<RefreshToken> {
        ages.iter().map(|(minutes, status)| token(minutes * 60, status.clone(), "vo:lhcb")).collect()
    }

    /// The ages in minutes of the tokens of each chain.
    fn ages(tokens: &[RefreshToken]) -> Vec<Vec<u64>> {
        let now = Timestamp::from_unix_millis(NOW).expect("within the calendar");
        let minutes = |chain: &Chain| chain.issued.iter().map(|issued| now.since(*issued).as_secs() / 60).collect();
        chains(tokens, &Policy::default()).iter().map(minutes).collect()
    }

    #[test]
    fn a_rotation_keeps_its_scope() {
        let mut all = tokens(&[(50, REVOKED), (30, REVOKED), (10, CREATED)]);
        all.push(token(20 * 60, CREATED, "vo:lhcb group:lhcb_prmgr"));
        assert_eq!(ages(&all), [vec![50, 30, 10], vec![20]]);
        let turned: Vec<RefreshToken> = all.iter().rev().cloned().collect();
        assert_eq!(ages(&turned), ages(&all), "the order of the list does not matter");
    }

    #[test]
    fn parallel_sessions_are_told_apart_by_how_long_access_tokens_live() {
        let all = [(45, REVOKED), (40, REVOKED), (25, REVOKED), (20, REVOKED), (5, CREATED), (0, CREATED)];
        assert_eq!(ages(&tokens(&all)), [vec![40, 20, 0], vec![45, 25, 5]]);
    }

    #[test]
    fn a_client_that_refreshes_all_the_time_is_one_session() {
        let mut all: Vec<(u64, TokenStatus)> = (1..=50).map(|minutes| (minutes, REVOKED)).collect();
        all.push((0, CREATED));
        assert_eq!(ages(&tokens(&all)).len(), 1);
    }

    #[test]
    fn what_is_not_revoked_or_ran_out_was_not_rotated() {
        assert_eq!(ages(&tokens(&[(30, CREATED), (10, CREATED)])), [[10], [30]], "two sessions beside each other");
        assert_eq!(ages(&tokens(&[(71, REVOKED), (10, CREATED)])), [[10], [71]], "it could not be refreshed any more");
        assert_eq!(ages(&tokens(&[(70, REVOKED), (10, CREATED)])), [[70, 10]], "in its last moment it could");
        let unknown = TokenStatus::Other("HELD".to_owned());
        assert_eq!(ages(&tokens(&[(30, unknown), (10, CREATED)])), [[10], [30]]);
    }

    #[test]
    fn keys_without_a_time_are_in_no_chain() {
        let undated = Jti::from_stored("01a22ee6b0004abc800000000000000f".to_owned());
        assert_eq!(ages(&[RefreshToken { jti: undated, ..token(1, CREATED, "vo:lhcb") }]), Vec::<Vec<u64>>::new());
    }

    proptest! {
        #[test]
        fn every_token_is_in_one_chain_and_only_a_revoked_one_has_a_successor(
            drawn in proptest::collection::vec((0..9000_u64, any::<bool>(), 0..3_u8), 0..60)
        ) {
            let policy = Policy::default();
            let status = |is_created| if is_created { CREATED } else { REVOKED };
            let drawn: Vec<RefreshToken> = drawn
                .into_iter()
                .map(|(age, is_created, scope)| token(age, status(is_created), &format!("vo:{scope}")))
                .collect();
            let found = chains(&drawn, &policy);
            let count: usize = found.iter().map(|chain| chain.issued.len()).sum();
            prop_assert_eq!(count, drawn.len());
            let unrotated = drawn.iter().filter(|token| token.status == CREATED).count();
            prop_assert_eq!(found.iter().filter(|chain| chain.newest.status == CREATED).count(), unrotated);
            for chain in &found {
                for pair in chain.issued.windows(2) {
                    prop_assert!(pair[0] < pair[1] && pair[1].since(pair[0]) <= policy.refresh_token_lifetime);
                }
            }
        }
    }
}
