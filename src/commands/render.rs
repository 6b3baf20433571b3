//! `pipegen render`: checks everything, then writes the environment's folder.

mod folder;
mod notes;
mod summary;
mod zip;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use self::folder::{Folder, MAIN};
use self::summary::{Cost, Results, Summary};
use super::environment;
use super::usage_error::UsageError;
use crate::artifact;
use crate::bootstrap;
use crate::cli::RenderArgs;
use crate::config::{self, Architecture, Fault};
use crate::cost::Estimate;
use crate::printer;
use crate::stack::{Package, Rendered, changes};

/// Renders an environment. Nothing is written before everything is checked.
pub fn run(args: &RenderArgs) -> anyhow::Result<()> {
    let config = environment::settings(&args.environment)?;
    let folder = Folder::at(&args.out, &config.environment)?;
    let bytes = checked_bootstrap(args.bootstrap.as_deref(), config.settings.architecture)?;
    let zip = zip::of(&bytes, &folder)?;
    let package = Package { file_name: zip.name.clone(), source_code_hash: zip.source_code_hash.clone() };
    let rendered = environment::stack(&config, &package)?;
    check_changes(&folder, &rendered)?;
    let estimate = Estimate::of(&config, &rendered.main)?;
    let cost = Cost::new(&args.environment, &estimate);
    let notes = notes::notes(&config, &estimate);
    let written = folder.write(&zip, &rendered)?;
    for note in &notes {
        printer::talk(&format!("note: {note}"));
    }
    let results = Results { config: &config, folder: &folder, zip: &zip, rendered: &rendered, written, cost, notes };
    let summary = Summary::from(results);
    let text = if args.json { serde_json::to_string_pretty(&summary)? } else { summary.to_string() };
    Ok(printer::data(&text)?)
}

/// Returns a bootstrap that runs on Lambda: the one that was named, else one that is built now.
fn checked_bootstrap(named: Option<&Path>, architecture: Architecture) -> anyhow::Result<Vec<u8>> {
    let built = if named.is_none() { Some(bootstrap::build(architecture)?) } else { None };
    let path = named.or(built.as_deref()).unwrap_or(Path::new(""));
    let bytes = read_bounded(path)
        .map_err(|error| UsageError::Message(format!("cannot read the bootstrap `{}`: {error}", path.display())))?;
    match artifact::check(&bytes, architecture) {
        Ok(()) => Ok(bytes),
        Err(errors) => {
            let message = |error| format!("`{}` cannot be the bootstrap: {error}", path.display());
            let faults = errors.iter().map(|error| Fault::new(None, message(error)).help(error.help()));
            Err(UsageError::Report(config::report(&faults.collect::<Vec<_>>(), None)).into())
        }
    }
}

/// Reads a file, up to one byte more than Lambda unpacks: a larger one (or a device without an end) is refused for
/// that.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX).min(artifact::LARGEST_UNPACKED);
    let mut bytes = Vec::with_capacity(length + 1);
    file.take(artifact::LARGEST_UNPACKED as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses changes to the stack rendered here before that AWS cannot make in one apply, and warns of those that cost
/// data or time.
fn check_changes(folder: &Folder, rendered: &Rendered) -> anyhow::Result<()> {
    let Some(earlier) = folder.read(MAIN)? else { return Ok(()) };
    let path = folder.path().join(MAIN);
    let Some(changes) = changes::between(&earlier, &rendered.main) else {
        printer::talk(&format!("note: the earlier `{}` is not JSON, so the changes were not checked", path.display()));
        return Ok(());
    };
    let (refused, warned): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| change.is_refused);
    for change in warned {
        printer::talk(&format!("warning: {}: {}", change.message, change.help));
    }
    if refused.is_empty() {
        return Ok(());
    }
    let faults = refused.into_iter().map(|change| Fault::new(None, change.message).help(change.help));
    let report = config::report(&faults.collect::<Vec<_>>(), None);
    let unless = format!(
        "This compares with what was rendered here before. If that was never applied, has been destroyed, or was changed by hand as said \
         above, remove `{}` and render again.",
        path.display()
    );
    Err(UsageError::Report(format!("{report}\n\n{unless}")).into())
}
