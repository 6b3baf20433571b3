//! The parts of `pipegen local` that start servers and processes, one by one.
