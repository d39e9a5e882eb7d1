//! Processes of another OS process as if they were local.

pub mod wire;

mod frame;
