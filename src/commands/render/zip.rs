//! The bootstrap's zip, packed anew only if the folder does not have it.

use std::thread;

use anyhow::Context as _;

use super::folder::{Folder, Zip};
use crate::artifact;
use crate::commands::usage_error::UsageError;

/// Returns the bootstrap's zip: the one in the folder if its content is right, else a new one.
pub(super) fn of(bootstrap: &[u8], folder: &Folder) -> anyhow::Result<Zip> {
    let (name, last) = name_and_last_zip(bootstrap, folder.last_zip()?);
    let name = name.as_str().to_owned();
    if let Some(last) = last.filter(|last| last.name == name)
        && folder.is_rendered_with(&last)?
    {
        return Ok(last);
    }
    let present = folder.read(&name)?.filter(|bytes| artifact::holds(bytes, bootstrap));
    let is_new = present.is_none();
    let bytes = present.map_or_else(|| artifact::pack(bootstrap), Ok).context("cannot pack the bootstrap")?;
    if bytes.len() > artifact::LARGEST_ZIP {
        let (size, limit) = (bytes.len() >> 20, artifact::LARGEST_ZIP >> 20);
        let message = format!("the packed bootstrap has {size} MiB; Lambda takes {limit} MiB");
        return Err(UsageError::Message(message).into());
    }
    let source_code_hash = artifact::sha256_base64(&bytes);
    Ok(Zip { name, bytes, source_code_hash, is_new })
}

/// Returns the name of the bootstrap's zip, and the zip that was used last, which is mostly the same one. Each takes
/// hashing some megabytes, so the hashes are computed in parallel.
fn name_and_last_zip(bootstrap: &[u8], last: Option<(String, Vec<u8>)>) -> (artifact::ZipName, Option<Zip>) {
    let (own, hash) = thread::scope(|scope| {
        let hash = last.as_ref().map(|(_, bytes)| scope.spawn(|| artifact::sha256_base64(bytes)));
        (artifact::ZipName::of(bootstrap), hash.and_then(|hash| hash.join().ok()))
    });
    let zip = |((name, bytes), source_code_hash)| Zip { name, bytes, source_code_hash, is_new: false };
    (own, last.zip(hash).map(zip))
}
