//! Who PostgreSQL runs as: it refuses to run as root.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use anyhow::Context as _;
use nix::unistd::{Gid, Uid, User, geteuid};
use tokio::process::Command;

/// The users that are tried, in this order: the package's own, then the one that exists everywhere.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// Another user than pipegen's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    user: Uid,
    group: Gid,
}

impl Account {
    /// The user to change to; none if pipegen is not root.
    pub(super) fn unprivileged() -> anyhow::Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        for name in NAMES {
            if let Some(user) = User::from_name(name).with_context(|| format!("cannot look up the user `{name}`"))? {
                return Ok(Some(Self { user: user.uid, group: user.gid }));
            }
        }
        anyhow::bail!("PostgreSQL does not run as root, and there is no user `{}` to run it as", NAMES.join("` or `"))
    }
}

/// Makes the command run as this user.
pub(super) fn run_as(command: &mut Command, account: Option<Account>) {
    if let Some(account) = account {
        command.uid(account.user.as_raw()).gid(account.group.as_raw());
    }
}

/// Makes a folder that only this user can enter.
pub(super) fn own_folder(folder: &Path, account: Option<Account>) -> anyhow::Result<()> {
    let make = || {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        own(folder, account)
    };
    make().with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Gives a file to this user.
pub(super) fn own(path: &Path, account: Option<Account>) -> std::io::Result<()> {
    account.map_or(Ok(()), |account| chown(path, Some(account.user.as_raw()), Some(account.group.as_raw())))
}
