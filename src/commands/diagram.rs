//! `pipegen diagram`: draws an environment's stack.

use super::environment;
use crate::cli::DiagramArgs;
use crate::diagram::flowchart;
use crate::printer;

/// Prints the flowchart.
pub fn run(args: &DiagramArgs) -> anyhow::Result<()> {
    let config = environment::settings(&args.environment)?;
    let picture = flowchart(&environment::stack_without_package(&config)?.main)?;
    Ok(printer::data(picture.trim_end())?)
}
