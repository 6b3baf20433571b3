//! `pipegen cost`: estimates the monthly cost of an environment.

use super::environment;
use crate::cli::CostArgs;
use crate::cost::Estimate;
use crate::printer;

/// Prints the estimate.
pub fn run(args: &CostArgs) -> anyhow::Result<()> {
    let config = environment::settings(&args.environment)?;
    let estimate = Estimate::of(&config, &environment::stack_without_package(&config)?.main)?;
    let text = if args.json { serde_json::to_string_pretty(&estimate)? } else { estimate.to_string() };
    Ok(printer::data(&text)?)
}
