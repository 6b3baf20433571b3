//! Invocations of a function at the same time.

use super::{Deployment, FunctionConfiguration};

/// The limit of a function that nothing else limits. AWS shares 1000 among all functions of an account; a desktop has room for fewer.
const UNRESERVED: usize = 32;

impl Deployment {
    /// Returns how many invocations of a function run at the same time at most: the first of these that the stack says.
    ///
    /// - Its reserved concurrency.
    /// - What its event source mappings invoke at once on AWS: shards × parallelization. A file may have records of more shards than
    ///   the stack's stream, and they take turns then, since the connections to the database are planned for the stream.
    /// - Half of what its login to the database may hold. An instance holds one connection, also between invocations, and that of a
    ///   killed instance stays until PostgreSQL misses it; on AWS, whoever finds no free one (53300) is retried.
    pub fn concurrency(&self, function: &FunctionConfiguration) -> usize {
        let mappings = || {
            let own = self.mappings.iter().filter(|mapping| mapping.function == function.arn);
            let invocations = own.map(|mapping| Some(mapping.shards? * mapping.parallelization));
            invocations.sum::<Option<usize>>().filter(|&invocations| invocations > 0)
        };
        let login = || self.connection_limit(function).map(|connections| (connections / 2).max(1));
        function.reserved_concurrency.or_else(mappings).or_else(login).unwrap_or(UNRESERVED)
    }
}
