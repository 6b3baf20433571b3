//! - `every_preset`: rendered stacks, value by value
//! - `fixture`: one small stack, rendered and applied
//! - `refusals`: stacks that cannot be run

mod every_preset;
mod fixture;
mod refusals;
