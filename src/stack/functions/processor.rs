//! `processor`: applies batches of the stream to the catalog and refreshes the cache.

use std::collections::BTreeMap;

use pipegen_contract::env;
use pipegen_contract::object_key::{ON_FAILURE, REJECTED};
use serde_json::Value;

use super::{Function, Spec, value};
use crate::stack::Build;
use crate::stack::access::{allow, allow_key, deny_code};
use crate::stack::bucket::Bucket;
use crate::stack::cache::{self, Cache};
use crate::stack::connections::{connect, connect_to_service};
use crate::stack::database::{self, Database};
use crate::stack::encryption::Key;
use crate::stack::endpoints::Endpoints;
use crate::stack::identity::Identity;
use crate::stack::metrics;
use crate::stack::network::Network;
use crate::stack::secrets::Secret;
use crate::stack::stream::Stream;
use crate::terraform::{Expression, Reference};

/// A batch takes well under a second; the rest is for a database that fails over.
const TIMEOUT_SECONDS: u32 = 60;

const SECONDS_A_DAY: u32 = 24 * 60 * 60;

/// What Lambda does with the role to poll the stream. The code never reads it.
const POLLING: [&str; 5] = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

/// What the processor works with.
pub(in crate::stack) struct Surroundings<'a> {
    pub(in crate::stack) key: &'a Key,
    pub(in crate::stack) network: &'a Network,
    pub(in crate::stack) endpoints: &'a Endpoints,
    pub(in crate::stack) stream: &'a Stream,
    pub(in crate::stack) database: &'a Database,
    pub(in crate::stack) writer: &'a Secret,
    pub(in crate::stack) cache: &'a Cache,
    pub(in crate::stack) quarantine: &'a Bucket,
}

/// The processor, and what must be there before it gets its first batch.
#[derive(Clone, Debug)]
pub(in crate::stack) struct Processor {
    pub(in crate::stack) function: Function,
    pub(in crate::stack) ways: Vec<Reference>,
}

/// Declares the processor. It comes after the database is ready for its code.
pub(in crate::stack) fn declare(
    build: &mut Build<'_>,
    identity: &Identity,
    with: &Surroundings<'_>,
    migrated: &Reference,
) -> Processor {
    let ground = super::ground(build, identity, with.key, with.network, statements(identity, with));
    let mut ways = Vec::new();
    ways.extend(connect(build, &ground.group, &with.database.group, database::PORT));
    ways.extend(connect(build, &ground.group, &with.cache.group, cache::PORT));
    ways.extend(connect(build, &ground.group, &with.endpoints.group, 443));
    ways.push(connect_to_service(build, &ground.group, "s3", &with.endpoints.s3_prefix_list()));
    ways.extend([with.endpoints.s3.clone(), with.endpoints.secrets.clone()]);
    let spec = Spec {
        description: "Applies events to the catalog and refreshes the cache",
        timeout: TIMEOUT_SECONDS,
        variables: BTreeMap::from([
            (env::DATABASE_HOST, with.database.host()),
            (env::DATABASE_PORT, with.database.port()),
            (env::DATABASE_NAME, with.database.name()),
            (env::DATABASE_SECRET_ARN, with.writer.arn()),
            (env::CACHE_HOST, with.cache.host()),
            (env::CACHE_PORT, with.cache.port()),
            (env::CACHE_USER, with.cache.processor.name()),
            (env::CACHE_REPLICATION_GROUP, with.cache.id()),
            (env::CACHE_VIEW_SECONDS, value(build.settings.cache_view_seconds)),
            (env::HORIZON_SECONDS, value(build.settings.horizon_days * SECONDS_A_DAY)),
            (env::METRIC_NAMESPACE, Expression::from(&metrics::namespace(build))),
            (env::QUARANTINE_BUCKET, with.quarantine.name()),
        ]),
    };
    let function = super::declare(build, identity, ground, with.key, with.network, &spec, &[migrated]);
    Processor { function, ways }
}

fn statements(identity: &Identity, with: &Surroundings<'_>) -> Vec<Value> {
    let mut exhausted = deny_code(identity.function_arn(), &["s3:PutObject"]);
    exhausted["Sid"] = "NotTheCodesBatches".into();
    exhausted["Resource"] = serde_json::json!(with.quarantine.objects(ON_FAILURE));
    let denied: Vec<_> = POLLING.into_iter().chain(["s3:ListBucket"]).collect();
    vec![
        // The code's own calls.
        allow("Login", &["secretsmanager:GetSecretValue"], [with.writer.arn()]),
        allow("CacheLogin", &["elasticache:Connect"], [with.cache.arn(), with.cache.processor.arn()]),
        allow("Quarantine", &["s3:PutObject"], [with.quarantine.objects(REJECTED)]),
        allow_key("Key", &["kms:Decrypt"], with.key.arn(), &["kinesis", "lambda", "secretsmanager"]),
        allow_key("KeyToStore", &["kms:GenerateDataKey"], with.key.arn(), &["s3"]),
        // What Lambda does with the role: polling, and batches that it gives up on.
        allow("Polling", &POLLING, [with.stream.arn()]),
        allow("ExhaustedBatches", &["s3:PutObject"], [with.quarantine.objects(ON_FAILURE)]),
        allow("ExhaustedBatchesBucket", &["s3:ListBucket"], [with.quarantine.arn()]),
        deny_code(identity.function_arn(), &denied),
        exhausted,
    ]
}
