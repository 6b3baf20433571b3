//! Lists the account's resources service by service: the tagging API knows neither all kinds nor those that AWS creates
//! by itself.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::client::{Call, Client};

/// The call that lists a kind of resources. Kinds that the stack does not have could only be left by accident.
struct ResourceKind {
    service: &'static str,
    operation: &'static str,
    query: &'static str,
    in_stack: bool,
}

const fn some(service: &'static str, operation: &'static str, query: &'static str) -> ResourceKind {
    ResourceKind { service, operation, query, in_stack: true }
}

const fn none(service: &'static str, operation: &'static str, query: &'static str) -> ResourceKind {
    ResourceKind { service, operation, query, in_stack: false }
}

const KINDS: &[ResourceKind] = &[
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

/// The account's resources, as `service operation: name`.
pub(crate) struct Inventory(BTreeSet<String>);

impl Inventory {
    pub(crate) async fn take(client: &Client) -> Result<Self> {
        let call = |kind: &ResourceKind| Call {
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

    /// Returns the resources that were not there before.
    pub(crate) fn since<'a>(&'a self, before: &Self) -> Vec<&'a str> {
        self.0.iter().filter(|name| !before.0.contains(*name)).map(String::as_str).collect()
    }

    /// Checks that the lists find the stack at all: each kind that it has.
    pub(crate) fn shows_the_stack(&self, before: &Self) -> Result<()> {
        let new = self.since(before);
        for kind in KINDS.iter().filter(|kind| kind.in_stack) {
            let entry = kind.entry("");
            ensure!(
                new.iter().any(|name| name.starts_with(&entry)),
                "{entry} no resource of the applied stack is listed"
            );
        }
        Ok(())
    }
}

/// Returns the services whose resources are listed, by their signing names.
pub(crate) fn listed_services() -> BTreeSet<&'static str> {
    KINDS.iter().map(|kind| signing_name(kind.service)).collect()
}

impl ResourceKind {
    fn entry(&self, name: &str) -> String {
        format!("{} {}: {name}", self.service, self.operation)
    }
}

/// Returns the parameters that make a list complete.
fn parameters(kind: &ResourceKind) -> Value {
    match kind.operation {
        "list_policies" => json!({"Scope": "LocalProcess"}),
        "list_secrets" => json!({"IncludePlannedDeletion": true}),
        _ => json!({}),
    }
}

/// Returns the name that requests to a service are signed with.
fn signing_name(service: &'static str) -> &'static str {
    match service {
        "cloudwatch" => "monitoring",
        "resourcegroupstaggingapi" => "tagging",
        other => other,
    }
}
