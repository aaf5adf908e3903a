//! Who lives in the demo: virtual organisations, their members, groups and clients.

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

/// A virtual organisation.
pub(super) struct Vo {
    pub(super) name: &'static str,
    pub(super) groups: &'static [&'static str],
    /// Its share of the subjects, out of ten.
    share: usize,
}

const VOS: [Vo; 3] = [
    Vo { name: "lhcb", groups: &["lhcb_user", "lhcb_prmgr", "lhcb_data"], share: 5 },
    Vo { name: "belle", groups: &["belle_user", "belle_production"], share: 3 },
    Vo { name: "ctao", groups: &["ctao_user", "ctao_sim", "ctao_ops"], share: 2 },
];

const SUBJECTS: usize = 300;

const GIVEN: [&str; 25] = [
    "amara", "bjorn", "chiara", "dmitri", "elena", "farid", "greta", "haruki", "ines", "jonas", "katya", "liam", "mei",
    "nadia", "oskar", "priya", "quentin", "rosa", "stefan", "tomoko", "umberto", "vera", "wanjiru", "xavier", "yusuf",
];

const FAMILY: [&str; 24] = [
    "okafor",
    "lindqvist",
    "ferrari",
    "volkov",
    "papadaki",
    "haddad",
    "schmidt",
    "tanaka",
    "duarte",
    "weber",
    "ivanova",
    "murphy",
    "chen",
    "petrova",
    "nowak",
    "sharma",
    "dubois",
    "garcia",
    "muller",
    "sato",
    "rossi",
    "novak",
    "mwangi",
    "yilmaz",
];

/// A registered user.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) vo: usize,
    /// The subject within the VO.
    pub(super) sub: String,
}

/// Everybody.
pub(super) struct Population {
    members: Vec<Member>,
}

impl Population {
    pub(super) fn new(random: &mut impl Rng) -> Self {
        let mut members: Vec<Member> = Vec::with_capacity(SUBJECTS);
        for (vo, share) in VOS.iter().map(|vo| vo.share).enumerate() {
            let target = members.len() + SUBJECTS * share / 10;
            while members.len() < target {
                let sub = format!("{}.{}", pick(&GIVEN, random), pick(&FAMILY, random));
                if !members.iter().any(|member| member.vo == vo && member.sub == sub) {
                    members.push(Member { vo, sub });
                }
            }
        }
        Self { members }
    }

    /// Somebody. Early members are more active than late ones, as in life.
    pub(super) fn somebody(&self, random: &mut impl Rng) -> Member {
        let mut index = || random.random_range(0..self.members.len());
        let index = index().min(index());
        // Members stand VO by VO, so the index is spread over them.
        self.members[index * 7 % self.members.len()].clone()
    }

    /// Everybody, to be given at least one token each.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }
}

impl Population {
    /// DiracX's registry of everybody: all are in the first group of their VO, which is the default, and some in the others.
    pub(super) fn registry(&self) -> String {
        let mut yaml = "Registry:\n".to_owned();
        for (index, vo) in VOS.iter().enumerate() {
            let members: Vec<&Member> = self.members.iter().filter(|member| member.vo == index).collect();
            yaml.extend(["  ", vo.name, ":\n    DefaultGroup: ", vo.groups[0], "\n    Groups:\n"]);
            for (rank, group) in vo.groups.iter().enumerate() {
                let of_group: Vec<&str> =
                    members.iter().step_by(1 + 2 * rank).map(|member| member.sub.as_str()).collect();
                let users = of_group.join(", ");
                yaml.extend(["      ", group, ": {Properties: [NormalUser], Users: [", &users, "]}\n"]);
            }
            yaml.push_str("    Users:\n");
            for member in members {
                let name = member.sub.replace('.', " ");
                yaml.extend(["      ", &member.sub, ": {PreferedUsername: ", &name, "}\n"]);
            }
        }
        yaml
    }
}

impl Member {
    /// The subject as `RefreshTokens` has it.
    pub(super) fn subject(&self) -> String {
        format!("{}:{}", VOS[self.vo].name, self.sub)
    }

    /// What this member would ask for.
    pub(super) fn scope(&self, random: &mut impl Rng) -> String {
        scope(&VOS[self.vo], random)
    }
}

/// A scope of one VO's group, now and then with a property.
fn scope(vo: &Vo, random: &mut impl Rng) -> String {
    let group = pick(vo.groups, random);
    let property = if random.random_bool(0.2) { " property:NormalUser" } else { "" };
    format!("vo:{} group:{group}{property}", vo.name)
}

/// The client of users who are at a machine without a browser, and read their code out to the help desk.
pub(super) const HELP_DESK_CLIENT: &str = "diracx-cli";

/// An OAuth client.
pub(super) fn client(random: &mut impl Rng) -> &'static str {
    pick(&["myDIRACClientID", "myDIRACClientID", "myDIRACClientID", HELP_DESK_CLIENT, "pilot-portal"], random)
}

fn pick(from: &[&'static str], random: &mut impl Rng) -> &'static str {
    from.choose(random).expect("the lists of this module are not empty")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::registry::Registry;

    #[test]
    fn everybody_is_registered_and_in_the_default_group() {
        let population = Population::new(&mut clock::randomness());
        let registry = Registry::parse(population.registry().as_bytes()).expect("it is DiracX's form");
        assert_eq!((registry.vo_count(), registry.user_count()), (VOS.len(), SUBJECTS));
        for member in population.members() {
            let vo = registry.vo(VOS[member.vo].name).expect("its VO");
            assert!(vo.is_member(&member.sub, &vo.default_group), "{}", member.sub);
        }
    }
}
