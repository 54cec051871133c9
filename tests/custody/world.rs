//! A house whose evidence is kept: calls with recordings on the disk, and the keeper of the chain.

use std::path::PathBuf;

use ringback::base::Timestamp;
use ringback::io::custody::{Custody, Order, Place, Settings, Verified, published, verify};
use ringback::io::recorder::sha256_of;
use ringback::io::store::{Db, Store};

use crate::audits::world::{House, Made};
use crate::plan::shop::at;
use crate::support::databases::{Database, execute, text};

pub struct Archive {
    pub house: House,
    pub custody: Custody,
}

impl Archive {
    pub async fn open(database: &Database) -> Archive {
        Archive::with(database, Settings::default()).await
    }

    pub async fn with(database: &Database, settings: Settings) -> Archive {
        let house = House::open(database).await;
        let site = &house.shop.site;
        let place = Place {
            hub: site.api.parts.events.clone(),
            telemetry: site.api.parts.telemetry.clone(),
            vault: site.api.vault().clone(),
            folder: site.recordings(),
            roots: site.folder.path().join("roots"),
        };
        let custody = Custody::new(site.store.clone(), house.shop.planner.clone(), place, settings);
        site.api.set_custody(custody.clone());
        Archive { house, custody }
    }

    pub fn store(&self) -> &Store {
        &self.house.shop.site.store
    }

    pub fn roots(&self) -> PathBuf {
        self.house.shop.site.folder.path().join("roots")
    }

    /// A call of one second with its recording, and with these scores as answers; its id.
    pub async fn call(&mut self, moment: &str, agent: &str, scores: &[i64]) -> String {
        let id = self.house.call(&Made { moment, agent, recorded: false, ..Made::default() });
        self.house.written().await;
        let name = format!("{}/{id}.wav", &moment[..10].replace('-', "/"));
        let file = self.house.shop.site.recordings().join(&name);
        write_wav(&file, id.len() as i16);
        let (sha256, _) = sha256_of(&file, |_| {}).unwrap();
        let mut sql = format!(
            "UPDATE calls SET recording = '{name}', recording_ms = 1000, sha256 = '{sha256}' WHERE id = '{id}';"
        );
        for (seq, score) in (1..).zip(scores) {
            let at = at(moment).0;
            sql += &format!(
                "INSERT INTO answers (call_id, seq, question, keys, score, at)
                 VALUES ('{id}', {seq}, 'q{seq}', '{score}', {score}, {at});"
            );
        }
        self.sql(&sql).await;
        id
    }

    /// The file of a call's recording.
    pub async fn file(&self, call: &str) -> PathBuf {
        let sql = format!("SELECT recording FROM calls WHERE id = '{call}'");
        self.house.shop.site.recordings().join(text(self.store(), &sql).await)
    }

    pub async fn sql(&self, sql: &str) {
        execute(self.store(), sql).await.unwrap();
    }

    /// The same by somebody who owns the database: triggers of that table do nothing meanwhile.
    pub async fn forge(&self, table: &str, sql: &str) {
        let free = match self.store().db() {
            Db::Pg(_) => {
                format!(
                    "ALTER TABLE {table} DISABLE TRIGGER USER; {sql}; ALTER TABLE {table} ENABLE TRIGGER USER"
                )
            }
            Db::Sqlite { .. } => {
                let names = format!(
                    "SELECT COALESCE(GROUP_CONCAT('DROP TRIGGER ' || name, ';'), '') FROM sqlite_schema
                     WHERE type = 'trigger' AND tbl_name = '{table}'"
                );
                let drop = text(self.store(), &names).await;
                if drop.is_empty() { sql.to_owned() } else { format!("{drop}; {sql}") }
            }
        };
        self.sql(&free).await;
    }

    /// Turns at that moment until nothing is left to do; gives how many entries were linked.
    pub async fn turn(&self, moment: &str) -> u64 {
        let now = self.house.shop.set(moment);
        let mut linked = 0;
        loop {
            let turn = self.custody.turn(now).await.unwrap();
            linked += turn.linked;
            if !turn.more {
                return linked;
            }
        }
    }

    /// What verifying everything comes to, with the daemon's own files of roots.
    pub async fn verified(&self) -> Verified {
        self.verified_as(Order { published: published(&self.roots()).unwrap(), ..Order::default() }).await
    }

    pub async fn verified_as(&self, order: Order) -> Verified {
        let calendar = self.house.shop.planner.settings().calendar;
        let folder = self.house.shop.site.recordings();
        verify(self.store(), &calendar, &folder, &order, &|_| {}).await.unwrap()
    }

    /// Codes and subjects of what is wrong.
    pub async fn wrong(&self) -> Vec<(String, String)> {
        let found = self.verified().await;
        assert_eq!(found.good, found.troubles.is_empty());
        found.troubles.into_iter().map(|trouble| (trouble.code, trouble.subject)).collect()
    }

    pub async fn number(&self, sql: &str) -> i64 {
        self.house.number(sql).await
    }
}

/// A pair as [`Archive::wrong`] gives it.
pub fn wrong(code: &str, subject: impl Into<String>) -> (String, String) {
    (code.to_owned(), subject.into())
}

/// A second of sound.
pub fn write_wav(path: &std::path::Path, step: i16) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for frame in 0..8_000_i16 {
        writer.write_sample(frame.wrapping_mul(step)).unwrap();
        writer.write_sample(frame).unwrap();
    }
    writer.finalize().unwrap();
}

/// Milliseconds since 1970 of a moment in Shanghai.
pub fn ms(moment: &str) -> i64 {
    let Timestamp(ms) = at(moment);
    ms
}
