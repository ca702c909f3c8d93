//! The node from outside: real processes, or containers through Caddy.
//!
//! Without further settings each test starts what it needs on ports that the system chooses. With
//! `R4_E2E_BASE_HTTP` or `R4_E2E_BASE_HTTPS` (and `R4_E2E_API_KEY`, `R4_E2E_CORE`, `R4_E2E_VRF`,
//! `R4_E2E_GATEWAY`) the same checks run against a node that stands already; what needs processes of
//! its own says that it is skipped. `R4_E2E_SEED` repeats the moments of a run that killed nodes by
//! chance.

mod harness;

mod backup;
mod core_confinement;
mod core_faults;
mod core_freeze;
mod core_generator;
mod core_memory;
mod core_sealed;
mod core_selftest;
mod core_watch;
mod draws;
mod epoch_rotation;
mod evm;
mod gateway;
mod gateway_limits;
mod http_abuse;
mod http_refusals;
mod interop;
mod key_rotation;
mod log_crash;
mod log_damage;
mod log_disk;
mod log_independent;
mod log_monitor;
mod log_rollback;
mod log_witness;
mod monitor;
mod observed;
mod public_api;
mod public_errors;
mod public_receipts;
mod public_version;
mod readme;
mod receipt_files;
mod receipt_tamper;
mod secrets;
mod settings;
mod shared_limits;
mod shared_outages;
mod shutdown;
mod tampering;
mod vrf_index;
mod vrf_state;
