//! Invocations of a function at the same time.

use super::{Deployment, FunctionConfiguration};

/// The limit of a function that nothing else limits. AWS shares 1000 among all functions of an account; a desktop has
/// room for fewer.
const UNRESERVED: usize = 32;

impl Deployment {
    /// Returns the most invocations of a function at the same time: the first of these that the stack sets.
    ///
    /// 1. its reserved concurrency
    /// 2. the sum of shards × parallelization over its event source mappings
    /// 3. half of the connection limit of its database login
    /// 4. [`UNRESERVED`]
    pub fn concurrency(&self, function: &FunctionConfiguration) -> usize {
        // As many as the mappings invoke on AWS. A file may have records of more shards than the stack's stream; they
        // take turns then, since the connections to the database are planned for the stream.
        let mappings = || {
            let own = self.mappings.iter().filter(|mapping| mapping.function == function.arn);
            let invocations = own.map(|mapping| Some(mapping.shards? * mapping.parallelization));
            invocations.sum::<Option<usize>>().filter(|&invocations| invocations > 0)
        };
        // An instance holds one connection, also between invocations, and that of a killed instance stays until
        // PostgreSQL notices; on AWS, an instance that finds no free one (53300) is retried.
        let login = || self.connection_limit(function).map(|connections| (connections / 2).max(1));
        function.reserved_concurrency.or_else(mappings).or_else(login).unwrap_or(UNRESERVED)
    }
}
