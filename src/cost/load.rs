//! The load of a month at the peak: how often each function is invoked, with how many records.

use pipegen_contract::role::Role;

use super::measured::{
    LARGEST_PAYLOAD_BYTES, LOG_LINE_OVERHEAD_BYTES, MeasuredInvocation, PAYLOAD_BYTES, measured_invocation,
};
use crate::terraform::declared::{Declared, Resource, references};
use crate::terraform::rate;

/// Hours of a month, as AWS counts them.
pub(super) const HOURS: f64 = 730.0;
pub(super) const MINUTES: f64 = HOURS * 60.0;
pub(super) const DAYS: f64 = HOURS / 24.0;
const SECONDS: f64 = MINUTES * 60.0;

pub(super) const GB: f64 = 1e9;

/// Lambda polls each shard at least once a second; without a batching window it then invokes the function with what is
/// there.
const POLL_SECONDS: f64 = 1.0;

/// Events in a request to `ingest`. A tenth of what it takes: clients that send less at once pay for more requests.
const REQUEST_EVENTS: f64 = 100.0;

/// Secrets Manager invokes a function for each step of a rotation.
pub(super) const ROTATION_STEPS: f64 = 4.0;

/// The invocations of a function in a month by one trigger.
pub(super) struct Workload<'a> {
    pub(super) function: &'a Resource,
    pub(super) role: Role,
    pub(super) invocations: f64,
    /// Records of one invocation.
    pub(super) records: f64,
    /// Invocations that run at the same time.
    pub(super) concurrency: f64,
    measured: MeasuredInvocation,
}

impl<'a> Workload<'a> {
    /// Returns `None` if the function's invocations were not measured.
    fn of(function: &'a Resource, invocations: f64, records: f64, concurrency: f64) -> Option<Self> {
        let role = Role::from_handler(function.text("handler")?)?;
        Some(Self { function, role, invocations, records, concurrency, measured: measured_invocation(role)? })
    }

    /// Returns the duration of one invocation.
    pub(super) fn milliseconds(&self) -> f64 {
        self.measured.milliseconds + self.measured.milliseconds_a_record * self.records
    }

    /// Describes the duration of one invocation.
    pub(super) fn duration(&self) -> String {
        let records = if self.records > 0.0 { format!(" with {:.1} records", self.records) } else { String::new() };
        format!("{:.0} ms{records}", self.milliseconds())
    }

    /// Returns memory times duration of all invocations.
    pub(super) fn gb_seconds(&self) -> f64 {
        let memory_gb = self.function.number("memory_size").unwrap_or(128.0) / 1024.0;
        self.invocations * self.milliseconds() / 1000.0 * memory_gb
    }

    /// Returns the bytes that all invocations log.
    pub(super) fn log_bytes(&self) -> f64 {
        self.invocations * (self.measured.log_bytes + LOG_LINE_OVERHEAD_BYTES)
    }
}

/// Returns the workload of every event source mapping, schedule, function that rotates secrets, and function that takes
/// suppliers' events.
pub(super) fn workloads(stack: &Declared, updates: f64) -> Vec<Workload<'_>> {
    let batches = stack.of("aws_lambda_event_source_mapping").filter_map(|mapping| batches(stack, mapping, updates));
    let scheduled = stack.of("aws_scheduler_schedule").filter_map(|schedule| {
        let function = stack.referred(&schedule.body["target"], "aws_lambda_function")?;
        Workload::of(function, runs(schedule), 0.0, 1.0)
    });
    // One function may rotate several secrets.
    let rotating = stack.of("aws_lambda_function").filter_map(|function| {
        let own = stack
            .of("aws_secretsmanager_secret_rotation")
            .filter(|rotation| references(&rotation.body["rotation_lambda_arn"]).contains(&function.address()));
        let count: f64 = own.map(rotations).sum();
        if count > 0.0 { Workload::of(function, count * ROTATION_STEPS, 0.0, 1.0) } else { None }
    });
    batches.chain(scheduled).chain(rotating).chain(requests(stack, updates)).collect()
}

/// Returns the workload of the function that suppliers send every update to, if they may not put records on the stream.
fn requests(stack: &Declared, updates: f64) -> Option<Workload<'_>> {
    let policies = stack.of("aws_iam_role_policy").filter_map(|policy| policy.text("policy"));
    let callers: Vec<_> = policies.filter(|policy| policy.contains("\"lambda:InvokeFunctionUrl\"")).collect();
    if callers.is_empty() || callers.iter().any(|policy| policy.contains("\"kinesis:PutRecord")) {
        return None;
    }
    let mut functions = stack.of("aws_lambda_function");
    let ingest = functions.find(|function| function.text("handler") == Some(Role::Ingest.handler()))?;
    Workload::of(ingest, updates / REQUEST_EVENTS, REQUEST_EVENTS, 1.0)
}

/// Returns the workload of an event source mapping. Updates that are spread evenly over the month make the most
/// batches: one in each poll of a shard and each of its parallel batches, or one in each window.
fn batches<'a>(stack: &'a Declared, mapping: &'a Resource, updates: f64) -> Option<Workload<'a>> {
    let stream = stack.referred(&mapping.body["event_source_arn"], "aws_kinesis_stream")?;
    let concurrency = stream.number("shard_count")? * mapping.number("parallelization_factor").unwrap_or(1.0);
    let window = mapping.number("maximum_batching_window_in_seconds").unwrap_or(0.0).max(POLL_SECONDS);
    let largest = mapping.number("batch_size").unwrap_or(100.0);
    let largest = largest.min(f64::from(LARGEST_PAYLOAD_BYTES) / f64::from(PAYLOAD_BYTES));
    let a_second = updates / SECONDS;
    let batches_a_second = a_second.min(concurrency / window).max(a_second / largest);
    let function = stack.referred(&mapping.body["function_name"], "aws_lambda_function")?;
    Workload::of(function, batches_a_second * SECONDS, a_second / batches_a_second, concurrency)
}

/// Returns the runs of a schedule in a month. An expression that is not a rate counts as once a minute, the highest
/// rate there is.
pub(super) fn runs(schedule: &Resource) -> f64 {
    schedule.text("schedule_expression").and_then(rate::period).map_or(MINUTES, |period| SECONDS / period.as_secs_f64())
}

/// Returns the rotations of a secret in a month. A rule without a number of days counts as once a day.
pub(super) fn rotations(rotation: &Resource) -> f64 {
    let rules = &rotation.body["rotation_rules"];
    DAYS / rules["automatically_after_days"].as_f64().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(mapping: &str) -> Declared {
        let text = r#"{"resource": {
            "aws_kinesis_stream": {"events": {"shard_count": 2}},
            "aws_lambda_function": {"f": {"handler": "processor", "memory_size": 512}},
            "aws_lambda_event_source_mapping": {"f": {"event_source_arn": "${aws_kinesis_stream.events.arn}",
                "function_name": "${aws_lambda_function.f.arn}", MAPPING}}}}"#;
        Declared::read(&text.replace("MAPPING", mapping)).unwrap()
    }

    /// Compares batches a second and records in each, at so many updates a second.
    #[track_caller]
    fn assert_batches(mapping: &str, a_second: f64, batches: f64, records: f64) {
        let stack = stack(mapping);
        let workloads = workloads(&stack, a_second * SECONDS);
        let [work] = workloads.as_slice() else { panic!("{} workloads", workloads.len()) };
        let found = (work.invocations / SECONDS, work.records);
        assert!((found.0 - batches).abs() < 1e-6 && (found.1 - records).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn a_poll_of_each_parallel_batch_makes_a_batch() {
        let mapping = r#""batch_size": 500, "parallelization_factor": 3, "maximum_batching_window_in_seconds": 0"#;
        assert_batches(mapping, 0.5, 0.5, 1.0);
        assert_batches(mapping, 12.0, 6.0, 2.0);
        // More than one poll a second takes fills whole batches.
        assert_batches(mapping, 6000.0, 12.0, 500.0);
    }

    #[test]
    fn a_window_makes_fewer_batches_until_the_payload_is_full() {
        let mapping = r#""batch_size": 10000, "parallelization_factor": 1, "maximum_batching_window_in_seconds": 300"#;
        assert_batches(mapping, 3.0, 2.0 / 300.0, 450.0);
        // 6 MiB hold 5242.88 records of 1200 bytes.
        assert_batches(mapping, 5242.88, 1.0, 5242.88);
    }

    #[test]
    fn memory_and_records_weigh() {
        let stack = stack(r#""batch_size": 500, "parallelization_factor": 1"#);
        let work = &workloads(&stack, 20.0 * SECONDS)[0];
        // Two batches a second of ten records: 40 ms and 10 times 0.5 ms, with half a GB.
        assert!((work.gb_seconds() - 2.0 * SECONDS * 0.045 * 0.5).abs() < 1e-3, "{}", work.gb_seconds());
        assert!((work.log_bytes() - 2.0 * SECONDS * 826.0).abs() < 1e-3, "{}", work.log_bytes());
    }
}
