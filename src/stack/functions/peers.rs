//! Connections of a function's code. A function can reach nothing else.

use super::dependencies::Dependencies;
use crate::stack::build::Build;
use crate::stack::security_groups::{SecurityGroup, connect, connect_to_service};
use crate::stack::{cache, database};
use crate::terraform::Reference;

/// Something that a function's code connects to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    Cache,
    Database,
    S3,
    Secrets,
}

/// Lets a function's security group connect to these peers. Returns everything that must be there before its code can
/// connect.
pub(super) fn connect_all(
    build: &mut Build<'_>,
    group: &SecurityGroup,
    dependencies: &Dependencies<'_>,
    peers: &[Peer],
) -> Vec<Reference> {
    let mut made = Vec::new();
    for peer in peers {
        match peer {
            Peer::Cache => made.extend(connect(build, group, &dependencies.cache.group, cache::PORT)),
            Peer::Database => made.extend(connect(build, group, &dependencies.database.group, database::PORT)),
            Peer::S3 => {
                made.push(connect_to_service(build, group, "s3", &dependencies.endpoints.s3_prefix_list()));
                made.push(dependencies.endpoints.s3.clone());
            }
            Peer::Secrets => {
                made.extend(connect(build, group, &dependencies.endpoints.group, 443));
                made.push(dependencies.endpoints.secrets.clone());
            }
        }
    }
    made
}
