//! The files of a run: opened before anything is sent, decompressed while they are read.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};

use crate::records;

/// A decompressed file.
pub type Bytes = BufReader<Box<dyn Read + Send>>;

/// A file that exists. It is opened when its turn comes.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// The name that was typed.
    pub name: String,
    path: Option<PathBuf>,
    /// The length in bytes, before decompression, if it is known.
    pub length: Option<u64>,
    /// The time of the last change, if it is known.
    pub modified: Option<DateTime<Utc>>,
}

impl InputFile {
    /// Finds a file; `-` is standard input.
    ///
    /// # Errors
    /// If it cannot be read, or is a folder.
    pub fn find(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self { name: "-".to_owned(), path: None, length: None, modified: None });
        }
        let name = path.display().to_string();
        // A pipe is not opened before it is read: whoever writes to it would take that for its end.
        let look = || match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => File::open(path)?.metadata(),
            other => other,
        };
        let metadata = look().with_context(|| format!("cannot read {name}"))?;
        ensure!(!metadata.is_dir(), "{name} is a folder: name the files in it");
        let regular = metadata.is_file();
        Ok(Self {
            name,
            path: Some(path.to_owned()),
            length: regular.then_some(metadata.len()),
            modified: metadata.modified().ok().filter(|_| regular).map(DateTime::from),
        })
    }

    /// Opens the file. Each read of its own bytes goes through `count`.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub fn open(&self, count: impl FnOnce(Box<dyn Read + Send>) -> Box<dyn Read + Send>) -> anyhow::Result<Bytes> {
        let bytes: Box<dyn Read + Send> = match &self.path {
            Some(path) => Box::new(File::open(path).with_context(|| self.unreadable())?),
            None => Box::new(std::io::stdin()),
        };
        records::decompressed(count(bytes)).with_context(|| self.unreadable())
    }

    /// The beginning of an error's text.
    pub fn unreadable(&self) -> String {
        format!("cannot read {}", self.name)
    }
}
