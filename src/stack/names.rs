//! Every name in the stack: `{resource-type}-{purpose}-{environment}`, from one table of kinds and one list of names.
//!
//! Where AWS forbids or decides otherwise:
//!
//! | name | rule |
//! |---|---|
//! | `s3-{purpose}-{account}-{environment}` | a bucket's name is global, so the account's number is part of the purpose |
//! | `alias/kms-…` | a key alias must begin with `alias/` |
//! | `/aws/rds/instance/{database}/…` | RDS writes to log groups of these names only |
//! | `rds!db-…` | RDS names the master secret that it manages |
//! | cache user *name* `default` | Redis logs in as this user when a client names none; its id follows the rule |
//! | `glue_…`, `table_…` | a query names databases and tables without quotes only if they have underscores and no hyphens |
//! | `role-supplier-{supplier}-{environment}` | a supplier's name is part of the purpose |
//! | `work`, `network`, `reader-…` | policies inside a role and permissions inside a function are named only in there |
//! | `security-group-…` in full | a security group's name cannot begin with `sg-` |
//!
//! ElastiCache takes the shortest names, 40 characters, so the purposes there are short: they leave 28 to the environment.

mod kind;
mod proposal;

use pipegen_contract::database::Access;
use pipegen_contract::role::Role;
use pipegen_contract::supplier_role;

use crate::config::{Environment, Supplier};
use crate::terraform::Expression;
pub use kind::ResourceKind;
pub(super) use kind::{ALARM, LOG_GROUP};
pub use proposal::nearest;

/// A name without its environment.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    pub kind: &'static ResourceKind,
    /// The purpose of the resource.
    pub purpose: &'static str,
}

macro_rules! names {
    ($($(#[$meta:meta])* $name:ident = $kind:ident, $purpose:literal;)*) => {
        $($(#[$meta])* pub const $name: Name = Name { kind: &kind::$kind, purpose: $purpose };)*
        /// The names that belong to no function and no login.
        const SINGLE: &[Name] = &[$($name),*];
    };
}

names! {
    NETWORK = VPC, "inventory";
    /// The first private subnet.
    SUBNET_A = SUBNET, "private-a";
    /// The second private subnet, in another zone.
    SUBNET_B = SUBNET, "private-b";
    /// Routes of the private subnets.
    ROUTES = ROUTE_TABLE, "private";
    /// The network's default group, which lets nothing through.
    CLOSED_GROUP = SECURITY_GROUP, "closed";
    /// The endpoint of S3.
    S3_ENDPOINT = ENDPOINT, "s3";
    /// The endpoint of Secrets Manager.
    SECRETS_ENDPOINT = ENDPOINT, "secrets";
    /// The endpoints' security group.
    ENDPOINT_GROUP = SECURITY_GROUP, "endpoints";
    KEY = KEY_ALIAS, "inventory";
    /// The stream of events.
    STREAM = STREAM, "inventory";
    /// The catalog's database.
    DATABASE = DATABASE, "inventory";
    /// The database's subnets.
    DATABASE_SUBNETS = DATABASE_SUBNETS, "inventory";
    /// The database's parameters.
    DATABASE_PARAMETERS = DATABASE_PARAMETERS, "inventory";
    /// The same for PostgreSQL 17: while a database is upgraded, it has both.
    DATABASE_PARAMETERS_17 = DATABASE_PARAMETERS, "inventory-17";
    /// The same for PostgreSQL 18.
    DATABASE_PARAMETERS_18 = DATABASE_PARAMETERS, "inventory-18";
    /// The last snapshot of the database, where data is kept.
    LAST_SNAPSHOT = DATABASE_SNAPSHOT, "inventory";
    /// The database's security group.
    DATABASE_GROUP = SECURITY_GROUP, "database";
    /// The cache of product views.
    CACHE = CACHE, "views";
    /// The cache's subnets.
    CACHE_SUBNETS = CACHE_SUBNETS, "inventory";
    /// The cache's parameters.
    CACHE_PARAMETERS = CACHE_PARAMETERS, "inventory";
    /// The same for Valkey: while a cache is upgraded, it has both.
    CACHE_PARAMETERS_VALKEY = CACHE_PARAMETERS, "inventory-valkey";
    /// The cache's security group.
    CACHE_GROUP = SECURITY_GROUP, "cache";
    /// All users of the cache.
    CACHE_USERS = CACHE_USER_GROUP, "cache";
    /// The user that Redis takes for a client that names none.
    DEFAULT_USER = CACHE_USER, "closed";
    /// The processor's login to the cache.
    PROCESSOR_USER = CACHE_USER, "writer";
    /// The catalog's login to the cache.
    CATALOG_USER = CACHE_USER, "reader";
    /// Maintenance's login to the cache.
    MAINTAIN_USER = CACHE_USER, "repair";
    /// The login of shops that read the cache themselves.
    SHOP_USER = CACHE_USER, "shop";
    /// The bucket of every record.
    ARCHIVE_BUCKET = BUCKET, "archive";
    /// The bucket of rejected events and exhausted batches.
    QUARANTINE = BUCKET, "quarantine";
    /// The archive as a database for queries.
    ARCHIVE_DATABASE = GLUE_DATABASE, "archive";
    /// The archive as a table.
    ARCHIVE_TABLE = GLUE_TABLE, "archive";
    /// The workgroup of queries on the archive.
    QUERIES = WORKGROUP, "archive";
    /// The bucket of query results.
    QUERY_RESULTS = BUCKET, "query-results";
    /// The bucket of low-stock crossings.
    CROSSINGS_BUCKET = BUCKET, "crossings";
    /// The bucket of access logs.
    ACCESS_LOGS = BUCKET, "access-logs";
    SCHEDULES = SCHEDULE_GROUP, "inventory";
    /// The schedule of maintenance.
    MAINTAIN_SCHEDULE = SCHEDULE, "maintain";
    /// The role that the schedules run as.
    SCHEDULE_ROLE = IAM_ROLE, "schedule";
    /// The namespace of the functions' own metrics.
    METRICS = METRIC_NAMESPACE, "inventory";
    /// The log of traffic that the network refused.
    NETWORK_FLOW_LOG = FLOW_LOG, "network";
    /// The log group of that.
    NETWORK_LOGS = LOG_GROUP, "network";
    /// The role that writes it.
    FLOW_LOG_ROLE = IAM_ROLE, "flow-logs";
    /// The topic that alarms are sent to.
    ALARM_TOPIC = TOPIC, "alarms";
    /// The topic of low-stock crossings.
    LOW_STOCK_TOPIC = TOPIC, "low-stock";
    /// The rule that sends them there.
    LOW_STOCK_RULE = RULE, "low-stock";
    OVERVIEW = DASHBOARD, "inventory";
    /// Suppliers' records are refused.
    STREAM_THROTTLED = ALARM, "stream-throttled";
    /// The stream is not read.
    STREAM_UNREAD = ALARM, "stream-unread";
    /// Stock is old.
    PROCESSOR_LATE = ALARM, "processor-late";
    /// The processor ends without an answer.
    PROCESSOR_ERRORS = ALARM, "processor-errors";
    /// A batch did not even get to the quarantine.
    PROCESSOR_UNDELIVERED = ALARM, "processor-undelivered";
    /// Records are not archived.
    ARCHIVER_LATE = ALARM, "archiver-late";
    /// A batch is neither in the archive nor in the quarantine.
    ARCHIVER_UNDELIVERED = ALARM, "archiver-undelivered";
    /// Suppliers get no answer.
    INGEST_ERRORS = ALARM, "ingest-errors";
    /// A caller sends another supplier's events.
    INGEST_FORBIDDEN = ALARM, "ingest-forbidden";
    /// Readers get no answer.
    CATALOG_ERRORS = ALARM, "catalog-errors";
    /// A refresh of the cache has long been pending.
    REFRESHES_PENDING = ALARM, "refreshes-pending";
    /// A password could not be renewed.
    ROTATE_ERRORS = ALARM, "rotate-errors";
    /// Functions are throttled.
    FUNCTIONS_THROTTLED = ALARM, "functions-throttled";
    /// Suppliers send invalid events.
    EVENTS_REJECTED = ALARM, "events-rejected";
    /// The database is at its limit, or unavailable.
    DATABASE_BUSY = ALARM, "database-busy";
    /// The database's connections run out.
    DATABASE_CONNECTIONS = ALARM, "database-connections";
    /// The database's disk fills up.
    DATABASE_STORAGE = ALARM, "database-storage";
    /// The database's memory runs out.
    DATABASE_MEMORY = ALARM, "database-memory";
    /// The cache is at its limit, or unavailable.
    CACHE_BUSY = ALARM, "cache-busy";
    /// The cache has too little memory.
    CACHE_EVICTING = ALARM, "cache-evicting";
}

/// The names of one function.
#[derive(Clone, Copy, Debug)]
pub struct FunctionNames {
    pub function: Name,
    /// The role that it runs as.
    pub role: Name,
    /// Its log group.
    pub logs: Name,
    /// The security group of its network interfaces; `None` runs outside the network.
    pub group: Option<Name>,
}

impl FunctionNames {
    /// Returns the names of the function with this role.
    pub fn of(role: Role) -> Self {
        let purpose = role.handler();
        let name = |kind| Name { kind, purpose };
        Self {
            function: name(&kind::FUNCTION),
            role: name(&kind::IAM_ROLE),
            logs: name(&kind::LOG_GROUP),
            // The network has no way to the stream: an endpoint for Kinesis would cost $7.30 a month and zone.
            group: (role != Role::Ingest).then(|| name(&kind::SECURITY_GROUP)),
        }
    }

    fn all(self) -> impl Iterator<Item = Name> {
        [self.function, self.role, self.logs].into_iter().chain(self.group)
    }
}

/// Returns the name of the secret with a login to the database.
pub fn login_secret(access: Access) -> Name {
    Name { kind: &kind::SECRET, purpose: access.name() }
}

/// Returns every name in the stack but those of the suppliers' roles, which are as many as there are suppliers.
pub fn all() -> Vec<Name> {
    let functions = Role::ALL.into_iter().flat_map(|role| FunctionNames::of(role).all());
    SINGLE.iter().copied().chain(functions).chain(Access::ALL.map(login_secret)).collect()
}

/// Returns every name of a kind.
pub(super) fn of_kind(kind: &ResourceKind) -> impl Iterator<Item = Name> {
    all().into_iter().filter(|name| name.kind.prefix == kind.prefix)
}

impl Name {
    /// Returns the greatest length of the environment at its end.
    fn room(self) -> usize {
        let account = if self.kind.has_account { 1 + 12 } else { 0 };
        self.kind.limit - (self.kind.prefix.len() + 1 + self.purpose.len() + account + 1)
    }
}

/// Returns the name that leaves the fewest characters to the environment.
fn tightest() -> Name {
    all().into_iter().min_by_key(|name| name.room()).expect("there are names")
}

/// Refuses an environment that makes a name too long, and says which.
pub fn check(environment: &Environment) -> Result<(), String> {
    let length = environment.as_str().len();
    match tightest() {
        tightest if tightest.room() < length => Err(format!(
            "the environment `{environment}` is too long: it has {length} characters and may have {}, because the {} \
             `{}-{}-…` may have {}",
            tightest.room(),
            tightest.kind.noun,
            tightest.kind.prefix,
            tightest.purpose,
            tightest.kind.limit
        )),
        _ => Ok(()),
    }
}

/// The names of one environment.
#[derive(Clone, Debug)]
pub struct Names {
    environment: Environment,
}

impl Names {
    /// Creates the names that end with this environment.
    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }

    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns a whole name.
    pub fn of(&self, name: Name) -> String {
        debug_assert!(!name.kind.has_account, "a bucket's name wants the account");
        let whole = format!("{}-{}-{}", name.kind.prefix, name.purpose, self.environment);
        if name.kind.has_underscores { whole.replace('-', "_") } else { whole }
    }

    /// Returns the name of a supplier's role. That it is not too long is checked with the settings.
    pub fn supplier_role(&self, supplier: &Supplier) -> String {
        supplier_role::name(&supplier.name, self.environment.as_str())
    }

    /// Returns a bucket's whole name.
    pub fn bucket(&self, name: Name, account_id: Expression) -> Expression {
        let begin = format!("{}-{}-", name.kind.prefix, name.purpose);
        Expression::from(&begin).then(account_id).then("-").then(self.environment.as_str())
    }

    /// Returns a bucket's whole name in the account with this id.
    pub fn bucket_in(&self, name: Name, account_id: &str) -> String {
        format!("{}-{}-{account_id}-{}", name.kind.prefix, name.purpose, self.environment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SettingsFile, load};

    #[test]
    fn the_longest_environment_fits_every_name_and_a_longer_one_does_not() {
        let longest = all().into_iter().map(Name::room).min().unwrap();
        assert!(longest >= 28, "{longest} characters are too few for the names that people have");
        let fitting = Environment::parse(&"x".repeat(longest)).unwrap();
        check(&fitting).unwrap();
        let names = Names::new(fitting);
        for name in all() {
            let account = if name.kind.has_account { 13 } else { 0 };
            let whole = format!("{}-{}-{}", name.kind.prefix, name.purpose, names.environment());
            assert!(whole.len() + account <= name.kind.limit, "{whole}");
        }
        let refusal = check(&Environment::parse(&"x".repeat(longest + 1)).unwrap()).unwrap_err();
        assert!(refusal.contains("may have 40"), "{refusal}");
    }

    /// The settings count with the name that is made here.
    #[test]
    fn the_longest_supplier_fits_and_a_longer_one_does_not() {
        let load = |supplier: &str| {
            let text = format!("[defaults.suppliers]\n{supplier} = \"arn:aws:iam::111122223333:root\"");
            let source = SettingsFile { path: "pipegen.toml".into(), text };
            load(Some(&source), Ok(Environment::parse("staging").unwrap()))
        };
        let longest = (1..63).rev().find(|length| load(&"x".repeat(*length)).is_ok()).unwrap();
        let config = load(&"x".repeat(longest)).unwrap();
        let name = Names::new(config.environment).supplier_role(&config.settings.suppliers[0]);
        assert_eq!(name.len(), kind::IAM_ROLE.limit, "{name}");
        assert!(name.starts_with(&format!("{}-supplier-", kind::IAM_ROLE.prefix)), "{name}");
    }

    #[test]
    fn no_two_things_of_a_kind_share_a_name() {
        let mut names: Vec<_> = all().into_iter().map(|name| (name.kind.prefix, name.purpose)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
