//! ML-DSA-44 verification (FIPS 204 Algorithm 3) with the empty context string.

crate::mldsa_verifier::verifier!(ml_dsa_44, "ML-DSA-44");

#[cfg(test)]
mod tests;
