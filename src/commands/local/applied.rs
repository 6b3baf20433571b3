//! `pipegen local --applied`: runs what Terraform has applied to an emulated AWS account.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::watch;

use super::{catalog_door, tell};
use crate::cli::LocalArgs;
use crate::deployment::state::Stack;
use crate::local::account::Account;
use crate::local::applied::{Deployment, Ground};
use crate::records::ReadError;
use crate::session::listener::Listener;
use crate::session::signals::Signals;
use crate::session::{Ended, Session};

/// What was typed, checked: nothing is started before all of it is there.
pub(super) struct Prepared {
    folder: PathBuf,
    stack: Stack,
    account: Account,
    authority: Option<PathBuf>,
    until_idle: Option<Duration>,
    url: Listener,
    json: bool,
}

pub(super) fn prepare(folder: PathBuf, args: &LocalArgs) -> anyhow::Result<Prepared> {
    let account = Account::read(|name| std::env::var(name).ok())?;
    // The functions run in another folder.
    let authority = args
        .authority
        .as_ref()
        .map(|file| file.canonicalize().with_context(|| format!("there is no --authority {}", file.display())));
    Ok(Prepared {
        authority: authority.transpose()?,
        url: catalog_door(args.catalog_port)?,
        stack: Stack::of_folder(&folder)?,
        folder,
        account,
        until_idle: args.until_idle.map(|seconds| Duration::from_secs(seconds.into())),
        json: args.json,
    })
}

/// Runs until there is nothing new on the stream, or until Ctrl-C. The first one ends the reading, the second the run.
pub(super) async fn run(
    prepared: Prepared,
    session: &Session,
    signals: &mut Signals,
) -> anyhow::Result<Ended<Option<ReadError>>> {
    let Prepared { folder, stack, account, authority, until_idle, url, json } = prepared;
    let Session { folder: place, supervisor, console, .. } = session;
    let ground = Ground { folder: &folder, stack, account, authority, url, place, supervisor, console };
    let deployment = Deployment::start(ground)?;
    let (interrupt, interrupted) = watch::channel(false);
    let running = deployment.run(until_idle, interrupted);
    tokio::pin!(running);
    loop {
        tokio::select! {
            summary = &mut running => {
                tell(&summary?, json, false)?;
                return Ok(Ended::Done(None));
            }
            number = signals.any() => {
                if interrupt.send_replace(true) {
                    return Ok(Ended::Interrupted(number));
                }
                console.say("what has been read is finished; Ctrl-C again ends at once");
            }
        }
    }
}
