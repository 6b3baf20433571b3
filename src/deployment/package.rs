//! The bootstrap in an applied zip.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use zip::ZipArchive;

use crate::artifact::ENTRY;

/// Unpacks the bootstrap into a folder, which is created, and returns its path.
pub fn unpack(package: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let name = package.display();
    let file = File::open(package).with_context(|| format!("cannot open the package {name}"))?;
    let mut archive = ZipArchive::new(file).with_context(|| format!("the package {name} is not a zip"))?;
    let mut packed = archive.by_name(ENTRY).with_context(|| format!("the package {name} holds no `{ENTRY}`"))?;
    fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let path = folder.join(ENTRY);
    let mut unpack = || {
        let mut file = File::create(&path)?;
        io::copy(&mut packed, &mut file)?;
        file.set_permissions(Permissions::from_mode(0o755))
    };
    unpack().with_context(|| format!("cannot unpack the package {name}"))?;
    Ok(path)
}
