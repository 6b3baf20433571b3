//! Attributes that AWS fills in: ARNs, ids, and the addresses of servers.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use crate::terraform::declared::Resource;

/// The account of a stack that was never applied.
const ACCOUNT: &str = "000000000000";

/// Addresses of the servers that stand in for the database and the cache of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddresses {
    pub database_host: String,
    pub database_port: u16,
    /// The database in PostgreSQL.
    pub database_name: String,
    pub cache_host: String,
    pub cache_port: u16,
}

#[cfg(test)]
impl ServerAddresses {
    /// Returns addresses that no stack declares.
    pub(crate) fn example() -> Self {
        Self {
            database_host: "db.test".to_owned(),
            database_port: 6001,
            database_name: "stock".to_owned(),
            cache_host: "cache.test".to_owned(),
            cache_port: 6002,
        }
    }
}

impl ServerAddresses {
    /// Returns the attributes of a resource that its body does not have, or has another value for: the servers have
    /// names and ports of their own. The values may have the body's expressions in them.
    pub(super) fn computed(&self, resource: &Resource, region: &str) -> Map<String, Value> {
        let text = |attribute: &str| resource.text(attribute).unwrap_or_default();
        let arn = |service: &str, name: String| json!({"arn": format!("arn:aws:{service}:{region}:{ACCOUNT}:{name}")});
        let computed = match resource.kind.as_str() {
            "aws_lambda_function" => arn("lambda", format!("function:{}", text("function_name"))),
            "aws_kinesis_stream" => arn("kinesis", format!("stream/{}", text("name"))),
            // The service adds a hyphen and six random characters.
            "aws_secretsmanager_secret" => arn("secretsmanager", format!("secret:{}-000000", text("name"))),
            "aws_iam_role" => json!({"arn": format!("arn:aws:iam::{ACCOUNT}:role/{}", text("name"))}),
            "aws_s3_bucket" => json!({"arn": format!("arn:aws:s3:::{}", text("bucket"))}),
            "aws_lambda_event_source_mapping" => json!({"uuid": uuid(&resource.label)}),
            "aws_db_instance" => json!({
                "address": self.database_host,
                "port": self.database_port,
                "db_name": self.database_name,
                "master_user_secret": [{
                    "secret_arn": format!("arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:rds!db-{}-000000", resource.label),
                }],
            }),
            "aws_elasticache_replication_group" => {
                json!({"primary_endpoint_address": self.cache_host, "port": self.cache_port})
            }
            "data.aws_caller_identity" => json!({"account_id": ACCOUNT}),
            _ => Value::Null,
        };
        match computed {
            Value::Object(attributes) => attributes,
            _ => Map::new(),
        }
    }
}

/// An id that stays the same, so that objects of several runs with one `--data` lie together.
fn uuid(label: &str) -> String {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(Sha256::digest(label)).for_each(|(byte, hashed)| *byte = hashed);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}
