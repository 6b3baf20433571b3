//! `pipegen probe`: sends events through a living stack and watches them come out.

use std::process::ExitCode;
use std::time::Duration;

use super::objects;
use crate::cli::ProbeArgs;
use crate::printer;
use crate::probe::Probe;
use crate::probe::hop::HopReport;
use crate::probe::report;

/// Runs a probe and prints its hops.
pub fn run(args: ProbeArgs) -> anyhow::Result<ExitCode> {
    objects::until_signal(async || {
        let probe = Probe {
            account: objects::account(&args.stack.env, args.stack.endpoint.as_deref()).await?,
            catalog_url: args.catalog_url,
            timeout: Duration::from_secs(args.timeout.into()),
        };
        let json = args.json;
        let show = |report: &HopReport| {
            let row = report::row(report);
            // A reader that is gone changes nothing about the probe.
            if json { printer::talk(&row) } else { printer::data(&row).unwrap_or_default() }
        };
        let report = Box::pin(probe.run(show)).await;
        if json {
            printer::data(&serde_json::to_string(&report)?)?;
        }
        if let Some(sku) = report.sent_sku() {
            printer::talk(&format!("maintain removes {sku} from the catalog ten minutes from now"));
        }
        Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
