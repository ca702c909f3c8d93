//! The real binary, run as a user runs it: exit codes, what it prints, what it refuses.

#[cfg(test)]
mod admin_stub;
#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod assess;
#[cfg(test)]
mod draw;
#[cfg(test)]
mod ecvrf;
#[cfg(test)]
mod evm_proof;
#[cfg(test)]
mod file_server;
#[cfg(test)]
mod help;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod log_fsck;
#[cfg(test)]
mod log_inclusion;
#[cfg(test)]
mod log_mirror;
#[cfg(test)]
mod log_monitor;
#[cfg(test)]
mod log_sample;
#[cfg(test)]
mod log_verify;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod run;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod seed_shares;
#[cfg(test)]
mod selftest;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod verify_input;
#[cfg(test)]
mod witness;
#[cfg(test)]
mod witness_life;
