//! `pipegen diagram`: an environment's stack as a picture.

use anyhow::Context;

use super::environment;
use crate::cli::DiagramArgs;
use crate::diagram::flowchart;
use crate::printer;

/// Prints the picture.
pub fn run(args: &DiagramArgs) -> anyhow::Result<()> {
    let config = environment::settings(&args.environment)?;
    let picture = flowchart(&environment::stack_to_look_at(&config)?.main)?;
    printer::data(picture.trim_end()).context("cannot write to standard output")
}
