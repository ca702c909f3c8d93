//! The service as its clients see it: the whole router, real keys on disk, a stand-in for r4-core.

#[cfg(test)]
mod attested;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod indexes;
#[cfg(test)]
mod log;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod selftest;
#[cfg(test)]
mod verifying;
