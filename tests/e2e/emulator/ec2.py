"""EC2: moto forgets descriptions, takes any VPC for the default one, and leaves a network ACL behind."""

from typing import Any

from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPCBackend

from emulator.patching import replaces

init_rule = SecurityGroupRule.__init__


@replaces(SecurityGroupRule, "__init__")
def init(self: Any, *arguments: Any, **named: Any) -> None:
    init_rule(self, *arguments, **named)
    # moto reads it only from address ranges; AWS also from groups and prefix lists.
    peers = [argument for argument in arguments if isinstance(argument, dict)]
    self.peer_description = next((peer["Description"] for peer in peers if "Description" in peer), None)


@replaces(SecurityGroupRule, wrap=property)
def description(self: Any) -> Any:
    return self.peer_description


init_subnet = Subnet.__init__


@replaces(Subnet, "__init__")
def init_plain(self: Any, *arguments: Any, **named: Any) -> None:
    init_subnet(self, *arguments, **named)
    # moto assigns public addresses in the first subnet of each zone; AWS only in the default VPC.
    if self.vpc_id != getattr(getattr(self.ec2_backend, "default_vpc", None), "id", self.vpc_id):
        self.default_for_az = self.map_public_ip_on_launch = False


delete_vpc = VPCBackend.delete_vpc


@replaces(VPCBackend, "delete_vpc")
def delete_vpc_whole(self: Any, vpc_id: str) -> Any:
    # Its default network ACL is removed with it, which moto forgets.
    vpc = delete_vpc(self, vpc_id)
    self.network_acls = {name: acl for name, acl in self.network_acls.items() if acl.vpc_id != vpc_id}
    return vpc
