//! Lists what is in the account, service by service: the tagging API knows neither all kinds nor what AWS makes by itself.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::client::{Call, Client};

/// A kind of resources: how they are listed, and whether the stack has some. The others could only be left by accident.
struct Kind {
    service: &'static str,
    operation: &'static str,
    query: &'static str,
    has_some: bool,
}

const fn some(service: &'static str, operation: &'static str, query: &'static str) -> Kind {
    Kind { service, operation, query, has_some: true }
}

const fn none(service: &'static str, operation: &'static str, query: &'static str) -> Kind {
    Kind { service, operation, query, has_some: false }
}

const KINDS: &[Kind] = &[
    some("athena", "list_work_groups", "WorkGroups[].Name"),
    some("cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
    some("cloudwatch", "list_dashboards", "DashboardEntries[].DashboardName"),
    none("dynamodb", "list_tables", "TableNames"),
    none("ec2", "describe_addresses", "Addresses[].AllocationId"),
    some("ec2", "describe_flow_logs", "FlowLogs[].FlowLogId"),
    none("ec2", "describe_internet_gateways", "InternetGateways[].InternetGatewayId"),
    none("ec2", "describe_nat_gateways", "NatGateways[].NatGatewayId"),
    none("ec2", "describe_network_interfaces", "NetworkInterfaces[].NetworkInterfaceId"),
    some("ec2", "describe_network_acls", "NetworkAcls[].NetworkAclId"),
    some("ec2", "describe_route_tables", "RouteTables[].RouteTableId"),
    some("ec2", "describe_security_group_rules", "SecurityGroupRules[].SecurityGroupRuleId"),
    some("ec2", "describe_security_groups", "SecurityGroups[].GroupId"),
    some("ec2", "describe_subnets", "Subnets[].SubnetId"),
    some("ec2", "describe_vpc_endpoints", "VpcEndpoints[?State != 'deleted'].VpcEndpointId"),
    some("ec2", "describe_vpcs", "Vpcs[].VpcId"),
    some("elasticache", "describe_cache_clusters", "CacheClusters[].CacheClusterId"),
    some("elasticache", "describe_cache_parameter_groups", "CacheParameterGroups[].CacheParameterGroupName"),
    some("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups[].CacheSubnetGroupName"),
    some("elasticache", "describe_replication_groups", "ReplicationGroups[].ReplicationGroupId"),
    none("elasticache", "describe_snapshots", "Snapshots[].SnapshotName"),
    some("elasticache", "describe_user_groups", "UserGroups[].UserGroupId"),
    some("elasticache", "describe_users", "Users[].UserId"),
    none("events", "list_rules", "Rules[].Name"),
    some("glue", "get_databases", "DatabaseList[].Name"),
    none("iam", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName"),
    none("iam", "list_policies", "Policies[].PolicyName"),
    some("iam", "list_roles", "Roles[].RoleName"),
    none("iam", "list_users", "Users[].UserName"),
    some("kinesis", "list_streams", "StreamNames"),
    some("kms", "list_aliases", "Aliases[].AliasName"),
    some("kms", "list_keys", "Keys[].KeyId"),
    some("lambda", "list_event_source_mappings", "EventSourceMappings[].UUID"),
    some("lambda", "list_functions", "Functions[].FunctionName"),
    none("lambda", "list_layers", "Layers[].LayerName"),
    some("logs", "describe_log_groups", "logGroups[].logGroupName"),
    some("rds", "describe_db_instances", "DBInstances[].DBInstanceIdentifier"),
    some("rds", "describe_db_parameter_groups", "DBParameterGroups[].DBParameterGroupName"),
    none("rds", "describe_db_snapshots", "DBSnapshots[?SnapshotType=='manual'].DBSnapshotIdentifier"),
    some("rds", "describe_db_subnet_groups", "DBSubnetGroups[].DBSubnetGroupName"),
    some("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList[].ResourceARN"),
    some("s3", "list_buckets", "Buckets[].Name"),
    some("scheduler", "list_schedule_groups", "ScheduleGroups[].Name"),
    some("scheduler", "list_schedules", "Schedules[].Name"),
    some("secretsmanager", "list_secrets", "SecretList[].Name"),
    none("sns", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
    some("sns", "list_topics", "Topics[].TopicArn"),
    none("sqs", "list_queues", "QueueUrls"),
];

/// What is there, as `service operation: name`.
pub(crate) struct Inventory(BTreeSet<String>);

impl Inventory {
    /// Lists everything.
    pub(crate) async fn take(client: &Client) -> Result<Self> {
        let call = |kind: &Kind| Call {
            service: kind.service,
            operation: kind.operation,
            parameters: parameters(kind),
            query: kind.query,
        };
        let answers = client.call(&KINDS.iter().map(call).collect::<Vec<_>>()).await?;
        let mut found = BTreeSet::new();
        for (kind, names) in KINDS.iter().zip(answers) {
            let names: Option<Vec<String>> = serde_json::from_value(names)?;
            found.extend(names.unwrap_or_default().iter().map(|name| kind.entry(name)));
        }
        Ok(Self(found))
    }

    /// What is there and was not before.
    pub(crate) fn since<'a>(&'a self, before: &Self) -> Vec<&'a str> {
        self.0.iter().filter(|name| !before.0.contains(*name)).map(String::as_str).collect()
    }

    /// Sees to it that the lists could find the stack at all: each kind that it has.
    pub(crate) fn shows_the_stack(&self, before: &Self) -> Result<()> {
        let new = self.since(before);
        for kind in KINDS.iter().filter(|kind| kind.has_some) {
            let entry = kind.entry("");
            ensure!(new.iter().any(|name| name.starts_with(&entry)), "{entry} nothing of the applied stack is listed");
        }
        Ok(())
    }
}

/// The services whose resources are listed, by the names that requests to them are signed with.
pub(crate) fn listed_services() -> BTreeSet<&'static str> {
    KINDS.iter().map(|kind| signing_name(kind.service)).collect()
}

impl Kind {
    fn entry(&self, name: &str) -> String {
        format!("{} {}: {name}", self.service, self.operation)
    }
}

/// What makes a list whole.
fn parameters(kind: &Kind) -> Value {
    match kind.operation {
        "list_policies" => json!({"Scope": "Local"}),
        "list_secrets" => json!({"IncludePlannedDeletion": true}),
        _ => json!({}),
    }
}

/// The name by which requests to a service are signed.
fn signing_name(service: &'static str) -> &'static str {
    match service {
        "cloudwatch" => "monitoring",
        "resourcegroupstaggingapi" => "tagging",
        other => other,
    }
}
