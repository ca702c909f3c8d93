//! Any bytes as an order, an alpha, a list or a draw's document: nothing panics, what parses is
//! written back as it was, and what is drawn fits its order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use r4_draw::{Document, Kind, Order, Outcome, Spec, lists};

fuzz_target!(|input: &[u8]| {
    if let Ok(spec) = Spec::from_alpha(input) {
        assert_eq!(spec.alpha(), input, "one alpha for each draw");
        drawn(&spec, None);
    }
    if let Ok(order) = Order::parse(input) {
        let (spec, lists) = order.into_spec([7; 16]);
        assert_eq!(Spec::from_alpha(&spec.alpha()).as_ref(), Ok(&spec));
        if let Some(hash) = lists.participants_hash() {
            assert_eq!(spec.participants_sha256(), Some(&hash));
        }
        drawn(&spec, lists.weights.as_deref());
    }
    if let Ok(names) = lists::parse_participants(input) {
        assert_eq!(lists::to_text(&names).as_bytes(), input);
    }
    if let Ok(weights) = lists::parse_weights(input) {
        assert_eq!(lists::to_text(&weights).as_bytes(), input);
    }
    if let Ok(document) = Document::parse(input) {
        let written = document.to_json();
        assert_eq!(Document::parse(written.as_bytes()).as_ref(), Ok(&document));
    }
});

/// Draws, and looks at every result.
fn drawn(spec: &Spec, weights: Option<&[u64]>) {
    let Ok(outcome) = spec.run(&[9; 32], weights) else {
        return assert!(spec.weights_sha256().is_some() && weights.is_none());
    };
    assert_eq!(outcome.count(), usize::try_from(spec.kind().count()).unwrap());
    let Outcome::Numbers(numbers) = outcome else { return };
    let (least, most) = match *spec.kind() {
        Kind::Integers { min, max, .. } => (min, max),
        Kind::Dice { sides, .. } => (1, i64::from(sides)),
        _ => (0, i64::from(spec.kind().entries().unwrap()) - 1),
    };
    assert!(numbers.iter().all(|number| (least..=most).contains(number)));
}
