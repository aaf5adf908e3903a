//! From YAML to the registry. Deserialization is bounded by the library: depth, nodes, and what aliases may repeat.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::{MAX_BYTES, RegisteredGroup, RegisteredUser, RegisteredVo, Registry, RegistryError, malformed};

/// Nodes of a configuration, which has one for each member of each group.
const MAX_NODES: usize = 4_000_000;
/// A real configuration is some ten levels deep.
const MAX_DEPTH: usize = 48;

#[derive(Deserialize)]
struct ConfigurationYaml {
    #[serde(rename = "Registry")]
    registry: BTreeMap<String, VoYaml>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VoYaml {
    #[serde(default)]
    default_group: String,
    #[serde(default)]
    groups: BTreeMap<String, GroupYaml>,
    #[serde(default)]
    users: BTreeMap<String, UserYaml>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupYaml {
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    properties: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UserYaml {
    /// Spelt so by DiracX.
    #[serde(default)]
    prefered_username: String,
}

pub(super) fn parse(yaml: &[u8]) -> Result<Registry, RegistryError> {
    if yaml.len() > MAX_BYTES {
        return Err(RegistryError::TooLarge);
    }
    let options = serde_saphyr::options! {
        // A snippet of a configuration would show what stands there to whoever reads the error.
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_documents: 1,
        },
    };
    let text = std::str::from_utf8(yaml).map_err(|_| malformed("it is not UTF-8"))?;
    let read: ConfigurationYaml =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| malformed(&error.to_string()))?;
    Ok(Registry { vos: read.registry.into_iter().map(|(name, vo)| (name, vo.into())).collect() })
}

impl From<VoYaml> for RegisteredVo {
    fn from(vo: VoYaml) -> Self {
        let user = |(sub, user): (String, UserYaml)| {
            (sub.clone(), RegisteredUser { sub, preferred_username: user.prefered_username })
        };
        let group = |(name, group): (String, GroupYaml)| {
            let users = group.users.into_iter().collect();
            (name, RegisteredGroup { users, properties: group.properties.into_iter().collect() })
        };
        Self {
            default_group: vo.default_group,
            groups: vo.groups.into_iter().map(group).collect(),
            users: vo.users.into_iter().map(user).collect(),
        }
    }
}
