//! VPC endpoints, the only connections out of the network: `aws_vpc_endpoint` for S3 (a gateway, free) and for Secrets
//! Manager (an interface). Each allows the calls of the functions' code and nothing else.

use pipegen_contract::object_key::{ARCHIVE, CROSSINGS, REJECTED};
use serde_json::json;

use super::access::{allow, endpoint};
use super::account::AwsAccount;
use super::build::Build;
use super::database::DatabaseInstance;
use super::functions::Buckets;
use super::names::{ENDPOINT_GROUP, S3_ENDPOINT, SECRETS_ENDPOINT};
use super::network::{Network, name_tag};
use super::secrets::{Logins, ROTATION_ACTIONS};
use super::security_groups::{self, SecurityGroup};
use crate::config::REGION;
use crate::terraform::{Block, Expression, Reference};

#[derive(Clone, Debug)]
pub(super) struct Endpoints {
    pub(super) s3: Reference,
    pub(super) secrets: Reference,
    /// The security group of the interface endpoint.
    pub(super) group: SecurityGroup,
}

impl Endpoints {
    /// Returns the prefix list of S3's addresses, for security group rules.
    pub(super) fn s3_prefix_list(&self) -> Expression {
        self.s3.attribute("prefix_list_id")
    }
}

/// Declares the endpoints.
pub(super) fn declare(
    build: &mut Build<'_>,
    account: &AwsAccount,
    network: &Network,
    buckets: Buckets<'_>,
    database: &DatabaseInstance,
    logins: &Logins,
) -> Endpoints {
    let Buckets { archive, quarantine, crossings } = buckets;
    let objects = [archive.objects(ARCHIVE), quarantine.objects(REJECTED), crossings.objects(CROSSINGS)];
    let s3 = json!({
        "vpc_id": network.vpc_id(),
        "vpc_endpoint_type": "Gateway",
        "service_name": format!("com.amazonaws.{REGION}.s3"),
        "route_table_ids": [network.route_table_id()],
        "policy": endpoint(account, [allow("Objects", &["s3:PutObject"], objects)]),
        "tags": name_tag(build, S3_ENDPOINT),
    });
    let s3 = build.document.resource(Block::new("aws_vpc_endpoint", "s3", s3));
    let group = security_groups::declare(build, network, ENDPOINT_GROUP, "The interface endpoints");
    let statements = [
        allow("MasterLogin", &["secretsmanager:GetSecretValue"], [database.master_secret_arn()]),
        allow("Logins", &ROTATION_ACTIONS, logins.arns()),
    ];
    let secrets = json!({
        "vpc_id": network.vpc_id(),
        "vpc_endpoint_type": "Interface",
        "service_name": format!("com.amazonaws.{REGION}.secretsmanager"),
        // The usual host name resolves to the endpoint.
        "private_dns_enabled": true,
        "subnet_ids": network.first_subnet_ids(build.settings.secrets_endpoint_zones),
        "security_group_ids": [group.id()],
        "policy": endpoint(account, statements),
        "tags": name_tag(build, SECRETS_ENDPOINT),
    });
    let secrets = build.document.resource(Block::new("aws_vpc_endpoint", "secrets", secrets));
    Endpoints { s3, secrets, group }
}
