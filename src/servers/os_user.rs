//! The operating system's user that runs PostgreSQL, which refuses to run as root.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use anyhow::Context as _;
use nix::unistd::{Gid, Uid, User, geteuid};
use tokio::process::Command;

/// Users that are tried in this order: the package's own, then the one that exists everywhere.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// A user that runs a server.
#[derive(Clone, Copy, Debug)]
pub(super) enum OsUser {
    /// pipegen's own.
    Current,
    Other {
        user: Uid,
        group: Gid,
    },
}

impl OsUser {
    /// Another user than pipegen's own if that is root.
    pub(super) fn unprivileged() -> anyhow::Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self::Current);
        }
        for name in NAMES {
            if let Some(user) = User::from_name(name).with_context(|| format!("cannot look up the user `{name}`"))? {
                return Ok(Self::Other { user: user.uid, group: user.gid });
            }
        }
        anyhow::bail!("PostgreSQL does not run as root, and there is no user `{}` to run it as", NAMES.join("` or `"))
    }

    /// Makes the command run as this user.
    pub(super) fn run(self, command: &mut Command) {
        if let Self::Other { user, group } = self {
            command.uid(user.as_raw()).gid(group.as_raw());
        }
    }

    /// Creates a folder that only this user can enter.
    pub(super) fn create_folder(self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)
            .and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o700)))
            .and_then(|()| self.own(folder))
            .with_context(|| format!("cannot create the folder {}", folder.display()))
    }

    /// Gives a file to this user.
    pub(super) fn own(self, path: &Path) -> std::io::Result<()> {
        match self {
            Self::Current => Ok(()),
            Self::Other { user, group } => chown(path, Some(user.as_raw()), Some(group.as_raw())),
        }
    }
}
