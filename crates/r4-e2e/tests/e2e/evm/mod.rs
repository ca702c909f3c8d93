//! The contracts, run by revm from the committed artifacts.

pub(crate) mod abi;
mod chain;
mod cheat;
mod documents;
mod ecvrf;
mod examples;
mod gas;
mod issuer;
mod receipts;
