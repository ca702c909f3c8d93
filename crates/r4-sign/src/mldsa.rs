//! ML-DSA-65 verification (FIPS 204 Algorithm 3) with the empty context string.

crate::mldsa_verifier::verifier!(ml_dsa_65, "ML-DSA-65");

#[cfg(test)]
mod tests;
