//! Counting, χ², and its p-value.

use std::fmt;

use crate::Error;

/// A p-value below this, or above 1 minus this, fails.
const LEAST_P: f64 = 1e-6;

/// What was found of one sampler.
pub(crate) struct Finding {
    name: &'static str,
    results: u32,
    statistic: f64,
    freedom: u32,
}

impl Finding {
    pub(crate) fn p(&self) -> f64 {
        p_value(self.statistic, self.freedom)
    }

    pub(crate) fn passes(&self) -> bool {
        (LEAST_P..=1.0 - LEAST_P).contains(&self.p())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, results, statistic, freedom } = self;
        let mark = if self.passes() { "" } else { "  FAILS" };
        let p = self.p();
        write!(f, "{name:44} {results:8} {statistic:12.2} {freedom:6} {p:9.3e}{mark}")
    }
}

/// How often each of some categories came.
pub(crate) struct Counts(Vec<u32>);

impl Counts {
    pub(crate) fn new(categories: usize) -> Self {
        Self(vec![0; categories])
    }

    /// Counts a result. One outside of the categories is a fault of the sampler.
    pub(crate) fn add(&mut self, category: u64) -> Result<(), Error> {
        let count = usize::try_from(category).ok().and_then(|at| self.0.get_mut(at));
        let count = count.ok_or_else(|| format!("{category} is out of range"))?;
        *count = count.saturating_add(1);
        Ok(())
    }

    /// All categories are as likely. `size` results are one observation: their order is the category.
    pub(crate) fn uniform(&self, name: &'static str, size: u32) -> Finding {
        let share = 1.0 / f64::from(number(self.0.len()));
        self.expecting(name, size, &vec![share; self.0.len()])
    }

    /// The categories have these probabilities.
    pub(crate) fn expecting(&self, name: &'static str, size: u32, shares: &[f64]) -> Finding {
        let observations: u32 = self.0.iter().sum();
        let terms = self.0.iter().zip(shares).map(|(count, share)| {
            let expected = share * f64::from(observations);
            (f64::from(*count) - expected).powi(2) / expected
        });
        Finding {
            name,
            results: observations.saturating_mul(size),
            statistic: terms.sum(),
            freedom: number(self.0.len()).saturating_sub(1),
        }
    }

    /// Categories in groups that are independent of each other, each group uniform.
    pub(crate) fn in_groups(&self, name: &'static str, size: usize) -> Finding {
        let groups: Vec<Finding> =
            self.0.chunks(size).map(|group| Self(group.to_vec()).uniform(name, 1)).collect();
        Finding {
            name,
            results: groups.iter().map(|group| group.results).sum(),
            statistic: groups.iter().map(|group| group.statistic).sum(),
            freedom: groups.iter().map(|group| group.freedom).sum(),
        }
    }

    /// Categories are the places and the entries of permutations of `n`. Rows and columns have fixed
    /// sums, so that (n − 1)/n · Σ (observed − expected)²/expected has (n − 1)² degrees of freedom.
    pub(crate) fn of_permutations(&self, name: &'static str, n: u32) -> Finding {
        let pearson = self.in_groups(name, n as usize);
        let rows = f64::from(n);
        Finding {
            statistic: pearson.statistic * (rows - 1.0) / rows,
            freedom: n.saturating_sub(1).saturating_pow(2),
            ..pearson
        }
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Compares with values that are in every table, so that a broken p-value cannot pass a test.
pub(crate) fn check_p_values() -> Result<(), Error> {
    for (statistic, freedom, p) in [
        (3.841_459, 1, 0.05),
        (18.307_038, 10, 0.05),
        (149.448_953, 100, 0.001),
        (77.929, 100, 0.95),
    ] {
        let got = p_value(statistic, freedom);
        if (got - p).abs() > 1e-5 {
            return Err(format!("p({statistic}, {freedom}) is {got}, not {p}").into());
        }
    }
    Ok(())
}

/// The probability of a statistic as large or larger: Q(df/2, χ²/2), the regularised incomplete gamma
/// function (Abramowitz and Stegun 6.5.29 and 6.5.31).
fn p_value(statistic: f64, freedom: u32) -> f64 {
    let (shape, x) = (f64::from(freedom) / 2.0, statistic / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    let factor = (shape * x.ln() - x - libm::lgamma(shape)).exp();
    if x < shape + 1.0 { 1.0 - factor * series(shape, x) } else { factor * fraction(shape, x) }
}

/// Σ x^n / (a (a + 1) … (a + n)).
fn series(shape: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut at) = (1.0 / shape, 1.0 / shape, shape);
    while term > sum * 1e-16 {
        at += 1.0;
        term *= x / at;
        sum += term;
    }
    sum
}

/// The continued fraction, evaluated from its end.
fn fraction(shape: f64, x: f64) -> f64 {
    let mut value = 0.0;
    for step in (1..20_000_u32).rev() {
        let step = f64::from(step);
        value = step * (step - shape) / (x + 2.0 * step + 1.0 - shape - value);
    }
    1.0 / (x + 1.0 - shape - value)
}
