//! DiracX's schema as text, for a database to be made from.

use std::path::Path;

use authdb_shared::Timestamp;
use authdb_shared::partition::{KeyForm, Month};

use crate::environment::Engine;

/// The schema as DiracX 0.7.0 really creates it.
#[must_use]
pub fn fixture(engine: Engine) -> String {
    let file = format!("fixtures/{}.sql", engine.to_string().to_lowercase());
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the fixtures are in the package")
}

/// The same with other keys and months, in the database's own character set.
pub(super) fn schema(engine: Engine, keys: KeyForm, (since, months): (Timestamp, u32)) -> String {
    let fixture = fixture(engine);
    if engine == Engine::Sqlite {
        return fixture;
    }
    let (tables, _) = fixture.split_once("PARTITION BY").expect("the servers' fixtures have partitions");
    let mut tables =
        tables.trim_end_matches("/*!50500 ").replace(" DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci", "");
    if keys == KeyForm::Plain {
        tables = tables.replace("` uuid NOT NULL", "` char(32) NOT NULL");
    }
    tables + &partitioning(keys, Month::of(since), months)
}

pub(super) fn partitioning(keys: KeyForm, first: Month, count: u32) -> String {
    let months = (0..count).map(|month| first.plus(month)).map(|month| {
        let bound = keys.write(month.upper_bound());
        format!("PARTITION {} VALUES LESS THAN ('{bound}')", month.partition_name())
    });
    let future = "PARTITION p_future VALUES LESS THAN (MAXVALUE)".to_owned();
    format!("PARTITION BY RANGE COLUMNS (JTI) ({})", months.chain([future]).collect::<Vec<_>>().join(", "))
}

/// How an engine's keys are written since SQLAlchemy 2.1.
#[must_use]
pub fn native_form(engine: Engine) -> KeyForm {
    if engine == Engine::MariaDb { KeyForm::Dashed } else { KeyForm::Plain }
}
