//! A folder with the files that examples name.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use chrono::{SecondsFormat, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::grouped;

/// The bootstrap that an example names.
const BOOTSTRAP: &str = "target/bootstrap/bootstrap";

/// A temporary folder, removed when this is dropped.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// Makes it inside the workspace, where `pipegen` builds the bootstrap if none is named, with `pipegen` on its path.
    pub(crate) fn new() -> Result<Self> {
        let folder = Self(TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?);
        fs::create_dir_all(folder.path().join("bin"))?;
        symlink(env!("CARGO_BIN_EXE_pipegen"), folder.path().join("bin/pipegen"))?;
        fs::create_dir_all(folder.path().join("target/bootstrap"))?;
        // The bootstrap of the same sources, which `render` builds.
        let built = pipegen::bootstrap::build(pipegen::config::Architecture::X86_64)?;
        symlink(built, folder.path().join(BOOTSTRAP))?;
        folder.write_files()?;
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes what the examples read, anew for each, because some write over it.
    pub(crate) fn write_files(&self) -> Result<()> {
        let minute_ago = (Utc::now() - TimeDelta::minutes(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
        let event = format!(
            r#"{{"specversion":"1.0","id":"1","source":"/suppliers/acme","type":"com.retailtech.stock.counted.v1","subject":"85123A","time":"{minute_ago}","data":{{"quantity":5}}}}"#
        );
        let stock_mapping = "supplier = \"acme\"\nsku-column = \"SKU\"\nquantity-column = \"Stock\"\n\
                             price-column = \"Regular price\"\ncurrency = \"GBP\"\n";
        for (name, text) in [
            ("platform.toml", "[environments.production]\npreset = \"production\"\n"),
            ("events.jsonl", &format!("{event}\n")),
            ("stock.csv", "SKU,Stock,Regular price\n85123A,12,2.55\n22197,0,0.85\n"),
            ("stock.toml", stock_mapping),
        ] {
            fs::write(self.path().join(name), text)?;
        }
        fs::write(self.path().join("records.jsonl"), include_bytes!("../data/sample.jsonl.gz"))?;
        let mut more = GzEncoder::new(File::create(self.path().join("more.jsonl.gz"))?, Compression::fast());
        more.write_all(format!("{event}\n").as_bytes())?;
        more.finish()?;
        Ok(())
    }

    /// Returns a command that would run a line in the folder. AWS is the stack on port 8080.
    pub(crate) fn bash(&self, line: &str) -> Command {
        let path = format!("{}:{}", self.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("bash");
        command.args(["-o", "pipefail", "-c", line]).current_dir(self.path());
        command.env("PATH", path).env("HOME", self.path()).env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
        command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:8080");
        grouped(command)
    }
}
