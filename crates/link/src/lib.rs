//! Processes of another OS process as if they were local.

pub mod simulation;
pub mod wire;

mod credits;
mod exchange;
mod frame;
mod link;
mod mirrors;
mod stand_in;
