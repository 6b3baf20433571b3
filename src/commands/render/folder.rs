//! The environment's folder. It also holds Terraform's state and lock file, which are never touched.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};

use crate::artifact;
use crate::config::Environment;
use crate::stack::Rendered;

/// The files that `render` writes beside the zip.
pub(super) const MAIN: &str = "main.tf.json";
pub(super) const VERSIONS: &str = "versions.tf.json";

/// The environment's folder, which may not exist yet.
pub(super) struct Folder {
    path: PathBuf,
}

/// The Lambda package.
pub(super) struct Zip {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) source_code_hash: String,
    /// True if the zip must be written to the folder.
    pub(super) is_new: bool,
}

/// The files that were written and removed.
pub(super) struct Written {
    pub(super) main: bool,
    pub(super) versions: bool,
    /// Names of the zips that were removed.
    pub(super) removed: Vec<String>,
}

impl Folder {
    /// Checks where the folder of an environment will be, and creates nothing yet.
    pub(super) fn at(out: &Path, environment: &Environment) -> anyhow::Result<Self> {
        let path = out.join(environment.as_str());
        for folder in [out, &path] {
            if folder.exists() && !folder.is_dir() {
                bail!("`{}` is not a folder", folder.display());
            }
        }
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a file of the folder, if it exists.
    pub(super) fn read(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let path = self.path.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    /// Writes what has changed: the zip first and `main.tf.json` last, so that it never names a zip that does not
    /// exist.
    pub(super) fn write(&self, zip: &Zip, rendered: &Rendered) -> anyhow::Result<Written> {
        fs::create_dir_all(&self.path)
            .with_context(|| format!("cannot create the folder `{}`", self.path.display()))?;
        if zip.is_new {
            self.replace(&zip.name, &zip.bytes)?;
        } else {
            self.touch(&zip.name)?;
        }
        let versions = self.update(VERSIONS, &rendered.versions)?;
        let main = self.update(MAIN, &rendered.main)?;
        let removed = self.remove_older_zips(&zip.name)?;
        Ok(Written { main, versions, removed })
    }

    /// Replaces a file if its text differs, and returns whether it did.
    fn update(&self, name: &str, text: &str) -> anyhow::Result<bool> {
        if self.read(name)?.as_deref() == Some(text.as_bytes()) {
            return Ok(false);
        }
        self.replace(name, text.as_bytes())?;
        Ok(true)
    }

    /// Replaces a file atomically: others see the old one or the new one, whenever this is interrupted.
    fn replace(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.path.join(name);
        let write = || -> io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(".pipegen-")
                // As for any new file, less the user's umask.
                .permissions(Permissions::from_mode(0o666))
                .tempfile_in(&self.path)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// Marks a zip as used now, so that it is the previous one in the next run.
    fn touch(&self, name: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        let touch = || File::options().append(true).open(&path)?.set_modified(SystemTime::now());
        touch().with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// Removes older zips. The previous one is kept: a saved plan may name it.
    fn remove_older_zips(&self, own: &str) -> anyhow::Result<Vec<String>> {
        let mut others = self.zips()?;
        others.retain(|name| name != own);
        others.pop();
        for name in &others {
            let path = self.path.join(name);
            fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
        Ok(others)
    }

    /// Tells whether `main.tf.json` names this zip and its hash. It is written after the zip, so the zip is then
    /// complete and need not be unpacked to check that.
    pub(super) fn is_rendered_with(&self, zip: &Zip) -> anyhow::Result<bool> {
        let main = self.read(MAIN)?.unwrap_or_default();
        let main = String::from_utf8_lossy(&main);
        Ok(main.contains(&zip.name) && main.contains(&zip.source_code_hash))
    }

    /// Returns name and content of the zip that was used last.
    pub(super) fn last_zip(&self) -> anyhow::Result<Option<(String, Vec<u8>)>> {
        let Some(name) = self.zips()?.pop() else { return Ok(None) };
        Ok(self.read(&name)?.map(|bytes| (name, bytes)))
    }

    /// Returns the names of the zips that pipegen wrote, the one that was used last at the end.
    fn zips(&self) -> anyhow::Result<Vec<String>> {
        let context = || format!("cannot read the folder `{}`", self.path.display());
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(context)?,
        };
        let mut zips = Vec::new();
        for entry in entries {
            let entry = entry.with_context(context)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if artifact::ZipName::matches(&name) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                let used = entry.metadata().and_then(|metadata| metadata.modified()).with_context(context)?;
                zips.push((used, name));
            }
        }
        zips.sort();
        Ok(zips.into_iter().map(|(_, name)| name).collect())
    }
}
