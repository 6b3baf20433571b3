//! The position up to which everything is on the stream, in a file that the next run continues from.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::watermark::Position;

/// The version of the file's format.
const VERSION: u32 = 1;

/// A checkpoint's file.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    content: Content,
    /// True if an earlier run wrote it.
    pub exists: bool,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    pipegen_checkpoint: u32,
    /// The stream, and the endpoint if one was named.
    target: String,
    files: BTreeMap<String, Entry>,
}

/// The part of a file that is on the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Lines that are not blank, or rows, from the beginning.
    pub units: u64,
    /// The fingerprint of their content.
    pub sha256: String,
}

impl Checkpoint {
    /// Reads the file, if it exists.
    ///
    /// # Errors
    /// If it is no checkpoint, or that of another stream.
    pub fn open(path: &Path, target: &str) -> anyhow::Result<Self> {
        let name = path.display();
        let (content, exists) = match std::fs::read(path) {
            Ok(text) => {
                let content: Content = serde_json::from_slice(&text)
                    .with_context(|| format!("{name} is not a checkpoint of this command: name another file"))?;
                ensure!(
                    content.pipegen_checkpoint == VERSION,
                    "{name} is a checkpoint of another version ({}): use another file",
                    content.pipegen_checkpoint
                );
                ensure!(
                    content.target == target,
                    "{name} is about {}, and this run sends to {target}: use another file for it",
                    content.target
                );
                (content, true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let files = BTreeMap::new();
                (Content { pipegen_checkpoint: VERSION, target: target.to_owned(), files }, false)
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read the checkpoint {name}")),
        };
        Ok(Self { path: path.to_owned(), content, exists })
    }

    /// Returns what is done of this file.
    pub fn entry(&self, file: &str) -> Option<&Entry> {
        self.content.files.get(file)
    }

    /// Notes these positions, and replaces the file if they are new.
    pub(super) fn advance<'a>(
        &mut self,
        files: &[String],
        reached: impl Iterator<Item = &'a Position>,
    ) -> anyhow::Result<()> {
        let mut changed = !self.exists;
        for Position { file, units, fingerprint } in reached {
            let (Some(name), Some(fingerprint)) = (files.get(*file), fingerprint) else { continue };
            if self.entry(name).is_none_or(|entry| entry.units != *units) {
                let entry = Entry { units: *units, sha256: fingerprint.clone().hex() };
                self.content.files.insert(name.clone(), entry);
                changed = true;
            }
        }
        if changed {
            self.write().with_context(|| format!("cannot write the checkpoint {}", self.path.display()))?;
            self.exists = true;
        }
        Ok(())
    }

    /// Writes a new file and puts it in the place of the old one.
    fn write(&self) -> anyhow::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        writeln!(file, "{}", serde_json::to_string_pretty(&self.content)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::units::Fingerprint;
    use super::*;

    fn position(file: usize, units: u64) -> Position {
        Position { file, units, fingerprint: Some(Fingerprint::default()) }
    }

    #[test]
    fn the_next_run_continues_where_this_one_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let names = ["a".to_owned(), "b".to_owned()];
        let mut checkpoint = Checkpoint::open(&path, "stream").unwrap();
        assert_eq!((checkpoint.entry("a"), checkpoint.exists), (None, false));
        checkpoint.advance(&names, [position(0, 5), position(1, 2)].iter()).unwrap();
        let mut next = Checkpoint::open(&path, "stream").unwrap();
        assert_eq!((next.entry("a").unwrap().units, next.entry("b").unwrap().units), (5, 2));
        // Files that a run does not name are kept.
        next.advance(&names[1..], [position(0, 3)].iter()).unwrap();
        let last = Checkpoint::open(&path, "stream").unwrap();
        assert_eq!((last.entry("a").unwrap().units, last.entry("b").unwrap().units), (5, 3));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_is_no_checkpoint_of_this_stream_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        Checkpoint::open(&path, "one").unwrap().advance(&[], [].iter()).unwrap();
        let error = Checkpoint::open(&path, "two").unwrap_err().to_string();
        assert!(error.contains("is about one") && error.contains("sends to two"), "{error}");
        std::fs::write(&path, "{}").unwrap();
        assert!(Checkpoint::open(&path, "one").unwrap_err().to_string().contains("not a checkpoint"));
    }
}
