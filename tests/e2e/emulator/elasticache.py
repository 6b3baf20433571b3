"""ElastiCache: moto has neither parameter groups nor user groups, and does not delete everything."""

import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import CacheSubnetGroupNotFound, ElastiCacheException
from moto.elasticache.models import ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

from emulator.patching import adds, replaces
from emulator.settings import SETTINGS

Fields = dict[str, Any]

init_backend = ElastiCacheBackend.__init__


@replaces(ElastiCacheBackend, "__init__")
def init(self: Any, region_name: str, account_id: str) -> None:
    init_backend(self, region_name, account_id)
    # By name.
    self.parameter_groups = {}
    self.user_groups = {}
    # moto supports tags of some kinds only.
    self.arn_regex = re.compile(r"^arn:aws:elasticache:.*:[0-9]*:[a-z]+:.*$")


def arn(backend: ElastiCacheBackend, kind: str, name: str) -> str:
    return f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:{kind}:{name}"


def find(resources: dict[str, Fields], name: str, code: str) -> Fields:
    if name not in resources:
        # Of moto's own class: an exception of another class becomes an internal error.
        raise ElastiCacheException(code, f"{name} not found.")
    return resources[name]


# Parameter groups: the parameters that were set, by name. AWS also lists the defaults.


@adds(ElastiCacheResponse)
def create_cache_parameter_group(self: Any) -> ActionResult:
    backend, params = self.elasticache_backend, self.params
    name = params["CacheParameterGroupName"]
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": params["CacheParameterGroupFamily"],
        "Description": params["Description"],
        "IsGlobal": False,
        "ARN": arn(backend, "parametergroup", name),
        "parameters": {},
    }
    backend.parameter_groups[name] = group
    backend.tagging_service.tag_resource(group["ARN"], params.get("Tags", []))
    return ActionResult({"CacheParameterGroup": group})


@adds(ElastiCacheResponse)
def describe_cache_parameter_groups(self: Any) -> ActionResult:
    groups = self.elasticache_backend.parameter_groups
    if name := self._get_param("CacheParameterGroupName"):
        return ActionResult({"CacheParameterGroups": [find(groups, name, "CacheParameterGroupNotFound")]})
    return ActionResult({"CacheParameterGroups": list(groups.values())})


@adds(ElastiCacheResponse)
def modify_cache_parameter_group(self: Any) -> ActionResult:
    name = self._get_param("CacheParameterGroupName")
    group = find(self.elasticache_backend.parameter_groups, name, "CacheParameterGroupNotFound")
    for parameter in self._get_param("ParameterNameValues", []):
        group["parameters"][parameter["ParameterName"]] = parameter["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": name})


@adds(ElastiCacheResponse)
def describe_cache_parameters(self: Any) -> ActionResult:
    name = self._get_param("CacheParameterGroupName")
    group = find(self.elasticache_backend.parameter_groups, name, "CacheParameterGroupNotFound")
    parameters = [
        {"ParameterName": parameter, "ParameterValue": value, "Source": "user", "IsModifiable": True}
        for parameter, value in group["parameters"].items()
    ]
    return ActionResult({"Parameters": parameters})


@adds(ElastiCacheResponse)
def delete_cache_parameter_group(self: Any) -> ActionResult:
    name = self._get_param("CacheParameterGroupName")
    find(self.elasticache_backend.parameter_groups, name, "CacheParameterGroupNotFound")
    del self.elasticache_backend.parameter_groups[name]
    return EmptyResult()


# User groups.


@adds(ElastiCacheResponse)
def create_user_group(self: Any) -> ActionResult:
    backend, params = self.elasticache_backend, self.params
    name = params["UserGroupId"]
    group = {
        "UserGroupId": name,
        "Status": "active",
        "Engine": params["Engine"].lower(),
        "UserIds": params.get("UserIds", []),
        "MinimumEngineVersion": "6.0",
        "ReplicationGroups": [],
        "ARN": arn(backend, "usergroup", name),
    }
    backend.user_groups[name] = group
    backend.tagging_service.tag_resource(group["ARN"], params.get("Tags", []))
    return ActionResult(group)


@adds(ElastiCacheResponse)
def describe_user_groups(self: Any) -> ActionResult:
    groups = self.elasticache_backend.user_groups
    if name := self._get_param("UserGroupId"):
        return ActionResult({"UserGroups": [find(groups, name, "UserGroupNotFound")]})
    return ActionResult({"UserGroups": list(groups.values())})


@adds(ElastiCacheResponse)
def delete_user_group(self: Any) -> ActionResult:
    name = self._get_param("UserGroupId")
    group = find(self.elasticache_backend.user_groups, name, "UserGroupNotFound")
    del self.elasticache_backend.user_groups[name]
    return ActionResult({**group, "Status": "deleting"})


# Replication groups.

set_members = ReplicationGroup._set_node_members_clusters_disabled


@replaces(ReplicationGroup)
def _set_node_members_clusters_disabled(self: Any, **arguments: Any) -> None:
    # moto overwrites the number of nodes that it was asked for.
    arguments["replicas_per_node_group"] = arguments["num_cache_clusters"] - 1
    set_members(self, **arguments)
    arguments["node_group"]["primary_endpoint"]["address"] = SETTINGS.cache_host
    arguments["node_group"]["primary_endpoint_address"] = SETTINGS.cache_host


@replaces(ElastiCacheBackend)
def delete_replication_group(
    self: Any, replication_group_id: str, retain_primary_cluster: bool | None
) -> ReplicationGroup:
    # moto keeps it for ever as `deleting`.
    group: ReplicationGroup = self.describe_replication_groups(replication_group_id)[0]
    del self.replication_groups[replication_group_id]
    group.status = "deleting"
    return group


describe_clusters = ElastiCacheBackend.describe_cache_clusters


@replaces(ElastiCacheBackend)
def describe_cache_clusters(self: Any, cache_cluster_id: str | None = None) -> list[Any]:
    # A replication group's nodes are clusters too, with attributes that AWS does not return for the group.
    nodes = {
        name: node(self, group, name) for group in self.replication_groups.values() for name in group.member_clusters
    }
    if cache_cluster_id in nodes:
        return [nodes[cache_cluster_id]]
    return describe_clusters(self, cache_cluster_id) + ([] if cache_cluster_id else list(nodes.values()))


def node(backend: ElastiCacheBackend, group: Any, name: str) -> Fields:
    return {
        "CacheClusterId": name,
        "ReplicationGroupId": group.replication_group_id,
        "CacheClusterStatus": group.status,
        "CacheNodeType": group.cache_node_type,
        "NumCacheNodes": 1,
        "Engine": group.engine,
        # Terraform's provider leaves the minor version to AWS where the settings name none.
        "EngineVersion": f"{group.engine_version}.0",
        "CacheParameterGroup": {
            "CacheParameterGroupName": group.cache_parameter_group_name,
            "ParameterApplyStatus": "in-sync",
        },
        "CacheSubnetGroupName": group.cache_subnet_group_name,
        "SecurityGroups": [{"SecurityGroupId": id, "Status": "active"} for id in group.security_group_ids],
        "PreferredMaintenanceWindow": group.preferred_maintenance_window,
        "AutoMinorVersionUpgrade": group.auto_minor_version_upgrade,
        "SnapshotRetentionLimit": group.snapshot_retention_limit,
        "SnapshotWindow": group.snapshot_window,
        "TransitEncryptionEnabled": group.transit_encryption_enabled,
        "TransitEncryptionMode": group.transit_encryption_mode,
        "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
        "NetworkType": group.network_type,
        "IpDiscovery": group.ip_discovery,
        "ARN": arn(backend, "cluster", name),
    }


@adds(ElastiCacheResponse)
def delete_cache_subnet_group(self: Any) -> ActionResult:
    name = self._get_param("CacheSubnetGroupName")
    if self.elasticache_backend.cache_subnet_groups.pop(name, None) is None:
        raise CacheSubnetGroupNotFound(name)
    return EmptyResult()
