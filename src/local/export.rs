//! The product views as JSON Lines: `--export`.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::NamedTempFile;

/// The destination of the export, checked before the run.
pub enum Export {
    /// `-`.
    StandardOutput,
    /// A file, written whole or not at all.
    File(PathBuf),
    /// Something else that can be written: a device, a pipe.
    Stream(PathBuf),
}

impl Export {
    /// Checks a path, or `-`.
    pub fn to(path: PathBuf) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::StandardOutput);
        }
        let name = path.display();
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => anyhow::bail!("cannot export to {name}: it is a directory"),
            Ok(metadata) if !metadata.is_file() => return Ok(Self::Stream(path)),
            _ => {}
        }
        anyhow::ensure!(folder(&path).is_dir(), "cannot export to {name}: the parent directory does not exist");
        Ok(Self::File(path))
    }

    /// Writes every view, one a line, sorted by SKU. Returns how many.
    pub async fn write(self, database_url: &str) -> anyhow::Result<u64> {
        match self {
            Self::StandardOutput => lines(database_url, &mut io::stdout().lock()).await,
            Self::Stream(path) => {
                let mut stream = File::options()
                    .write(true)
                    .open(&path)
                    .with_context(|| format!("cannot export to {}", path.display()))?;
                lines(database_url, &mut stream).await
            }
            Self::File(path) => {
                let failed = || format!("cannot export to {}", path.display());
                let mut file = beside(&path).with_context(failed)?;
                let exported = lines(database_url, &mut file).await?;
                file.persist(&path).map_err(|error| error.error).with_context(failed)?;
                Ok(exported)
            }
        }
    }
}

/// A file that will take the place of `path`, with the rights of any new file.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".export-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder(path))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

async fn lines(database_url: &str, out: &mut dyn Write) -> anyhow::Result<u64> {
    let mut out = BufWriter::new(out);
    let mut reader_left = false;
    let exported = pipegen_store::export(database_url, &mut |view| {
        // A reader that has seen enough (`… | head`) is no failure.
        if !reader_left {
            reader_left = gone(writeln!(out, "{view}"))?;
        }
        Ok(())
    })
    .await
    .context("cannot export the product views")?;
    if !reader_left {
        gone(out.flush()).context("cannot export the product views")?;
    }
    Ok(exported)
}

/// Tells whether the reader is gone.
fn gone(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(true),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_goes_is_checked_before_the_run() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Export::to(folder.path().to_owned()).is_err(), "a folder");
        assert!(Export::to(folder.path().join("missing/file")).is_err(), "no folder");
        assert!(matches!(Export::to(folder.path().join("file")), Ok(Export::File(_))));
        assert!(matches!(Export::to("file".into()), Ok(Export::File(_))));
        assert!(matches!(Export::to("-".into()), Ok(Export::StandardOutput)));
        // A device must be written, never replaced.
        assert!(matches!(Export::to("/dev/null".into()), Ok(Export::Stream(_))));
    }
}
