//! What the table of all keys costs in memory.

#[cfg(test)]
mod allocator;
#[cfg(test)]
mod keys;

#[cfg(test)]
mod tests {
    use crate::keys::{own_bytes, secrets, table};

    /// Most bytes a key beside its place in the hash table.
    const MOST: usize = 100;

    #[test]
    fn a_key_takes_few_bytes() {
        let secrets = secrets(100_000).expect("randomness");
        let (table, bytes) = table(&secrets).expect("records");
        assert_eq!(table.len(), secrets.len());
        let each = (bytes - own_bytes(&secrets)) / secrets.len();
        assert!(each <= MOST, "{each} bytes a key");
        assert!(each > 50, "{each} bytes a key: nothing was measured");
    }
}
