//! Values that a run may have instead of the stack's.

use std::collections::BTreeMap;
use std::time::Duration;

use pipegen_contract::database::Access;
use pipegen_contract::role::Role;

use super::Deployment;

impl Deployment {
    /// Sets the number of a shard's batches that are processed at the same time, and raises the writers' connection
    /// limit to match. Returns the changed values by name.
    pub fn override_parallelization(&mut self, parallelization: usize) -> BTreeMap<String, usize> {
        let mut overrides = BTreeMap::from([("parallelization".to_owned(), parallelization)]);
        let Some(processor) = self.function_of(Role::Processor).map(|function| function.arn.clone()) else {
            return overrides;
        };
        let mut invocations = 0;
        for mapping in self.mappings.iter_mut().filter(|mapping| mapping.function == processor) {
            mapping.parallelization = parallelization;
            invocations += mapping.shards.unwrap_or(1) * parallelization;
        }
        // Twice, as in the stack's own sizing: for instances that are gone and that PostgreSQL has not noticed yet.
        let connections = 2 * invocations;
        let variable = Access::Writer.connections_variable();
        for function in self.functions.values_mut() {
            if let Some(limit) = function.environment.get_mut(variable)
                && limit.parse().is_ok_and(|limit: usize| limit < connections)
            {
                *limit = connections.to_string();
                overrides.insert(variable.to_owned(), connections);
            }
        }
        overrides
    }

    /// Sets the seconds for which the archiver's batches are collected. Returns the changed value by name.
    pub fn override_archive_window(&mut self, seconds: u32) -> BTreeMap<String, usize> {
        let archiver = self.function_of(Role::Archiver).map(|function| function.arn.clone());
        for mapping in self.mappings.iter_mut().filter(|mapping| Some(&mapping.function) == archiver.as_ref()) {
            mapping.window = Duration::from_secs(seconds.into());
        }
        BTreeMap::from([("archive window, seconds".to_owned(), usize::try_from(seconds).unwrap_or(usize::MAX))])
    }

    /// Sets the seconds between two runs of `maintain`. Returns the changed value by name.
    pub fn override_maintenance_period(&mut self, seconds: u32) -> BTreeMap<String, usize> {
        for schedule in &mut self.schedules {
            schedule.period = Duration::from_secs(seconds.into());
        }
        BTreeMap::from([("maintenance period, seconds".to_owned(), usize::try_from(seconds).unwrap_or(usize::MAX))])
    }
}
