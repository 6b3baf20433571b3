//! `ingest`: takes suppliers' events over HTTPS and puts them on the stream. It runs outside the network.

use pipegen_contract::env;

use super::dependencies::Dependencies;
use super::function::{FunctionSpec, LambdaFunction};
use super::{function, variables};
use crate::stack::access::{allow, allow_key};
use crate::stack::build::Build;
use crate::stack::identity::Identity;
use crate::stack::names::METRICS;
use crate::terraform::Expression;

/// Putting a thousand events on the stream takes well under a second; the rest is for a stream that throttles, with time
/// to answer a supplier before its client gives up.
const TIMEOUT_SECONDS: u32 = 25;

/// Declares the function. It uses neither database nor cache, so nothing that holds these up holds up suppliers.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    dependencies: &Dependencies<'_>,
) -> LambdaFunction {
    let own = [
        (env::STREAM_NAME, dependencies.stream.name()),
        (env::ENVIRONMENT, Expression::from(build.names.environment().as_str())),
        variables::horizon(build),
        (env::METRIC_NAMESPACE, Expression::from(&build.names.of(METRICS))),
    ];
    let spec = FunctionSpec {
        description: "Takes suppliers' events over HTTPS",
        timeout: TIMEOUT_SECONDS,
        statements: vec![
            allow("Events", &["kinesis:PutRecords"], [dependencies.stream.arn()]),
            allow_key("Key", &["kms:Decrypt"], dependencies.key.arn(), &["lambda"]),
            allow_key("KeyToStore", &["kms:GenerateDataKey"], dependencies.key.arn(), &["kinesis"]),
        ],
        destinations: &[],
        variables: own.into_iter().chain(variables::suppliers(build)).collect(),
        concurrency: None,
        after: None,
    };
    function::declare(build, identity, dependencies, spec)
}
