//! Score every mistake, in whole thousandths, as `misstep/assessment/scoring.py` does.
use crate::memory::Memory;
use crate::program::{Effect, Levels, Role};

pub const TOP: i64 = 10_000;
pub const VERDICT: usize = 4;
const MAX_DOUBLINGS: i64 = 20_000;
const DOUBT: f64 = 1e-6;

/// A mistake with its scores: thousandths, and places among the words of the scale.
pub struct Finding {
    pub fact: usize,
    pub severity: i64,
    pub noticed: i64,
    pub urgency: i64,
    pub damage: i64,
    pub verdict: usize,
    pub severity_band: usize,
    pub noticed_level: usize,
    pub urgency_level: usize,
}

impl Memory<'_> {
    /// Add the findings, worst first: by verdict, damage, severity, id.
    pub fn score(&mut self) {
        let (facts, scale) = (&self.facts, &self.program.scale);
        let mut sums = vec![[0_i64; 5]; facts.given];
        for contribution in &self.contributions {
            let Some(mistake) = contribution.mistake else { continue };
            let sum = &mut sums[mistake][contribution.dimension];
            *sum = if contribution.dimension == VERDICT { contribution.amount.max(*sum) } else { *sum + contribution.amount };
        }
        let mistakes = (0..facts.given).filter(|&fact| facts.kind(fact).role == Role::Mistake);
        let mut findings: Vec<Finding> = mistakes
            .map(|fact| {
                let [added, relief, doublings, pressing, least] = sums[fact];
                let severity = severity_of(added, relief);
                let noticed = chance(scale.noticed_start + doublings);
                let urgency = pressing.clamp(0, TOP);
                let (severity_band, noticed_level) = (level(&scale.severity, severity), level(&scale.noticed, noticed));
                let urgency_level = level(&scale.urgency, urgency);
                let verdict = scale.table[severity_band][noticed_level][urgency_level].max(least as usize);
                let damage = damage_of(severity, noticed);
                Finding { fact, severity, noticed, urgency, damage, verdict, severity_band, noticed_level, urgency_level }
            })
            .collect();
        let id = |finding: &Finding| facts.word(facts.ids[finding.fact]);
        findings.sort_by(|a, b| {
            (b.verdict, b.damage, b.severity).cmp(&(a.verdict, a.damage, a.severity)).then_with(|| id(a).cmp(id(b)))
        });
        self.finding_of = vec![None; facts.given];
        self.found = vec![vec![]; self.program.kinds.len()];
        for (place, finding) in findings.iter().enumerate() {
            self.finding_of[finding.fact] = Some(place);
            self.found[facts.kinds[finding.fact]].push(finding.fact);
        }
        self.findings = findings;
    }

    /// How good the outlook is at most by all rules that limit it: a rank, 0 the best.
    pub fn worst_outlook(&self) -> usize {
        let limit = |(place, firing): &(usize, crate::memory::Firing)| match self.program.rules[firing.rule].effects[*place] {
            Effect::Limit(rank) => rank,
            _ => 0,
        };
        self.outlooks.iter().map(limit).max().unwrap_or(0)
    }

    /// The damage of the record in tenths of a percent.
    pub fn damage(&self) -> i64 {
        self.total_damage(&self.findings.iter().map(|finding| finding.damage).collect::<Vec<_>>())
    }

    /// The chance, in tenths of a percent, that at least one mistake does harm.
    pub fn total_damage(&self, damages: &[i64]) -> i64 {
        let unharmed: f64 = damages.iter().map(|&damage| 1.0 - damage as f64 / TOP as f64).product();
        damage_in_tenths(unharmed).or_else(|| exact_damage(damages)).unwrap_or_else(|| {
            self.leave();
            0
        })
    }

    fn overall_severity(&self) -> i64 {
        let weights = &self.program.scale.overall_weights;
        let weighed = self.findings.iter().map(|finding| half_up(finding.severity * weights[finding.noticed_level], 1000));
        let own: i64 = self.contributions.iter().filter(|each| each.mistake.is_none()).map(|each| each.amount).sum();
        (weighed.max().unwrap_or(0) + own).clamp(0, TOP)
    }

    /// The word for how severe it is, of the record as a whole.
    pub fn band(&self) -> u32 {
        let severity = &self.program.scale.severity;
        severity.words[level(severity, self.overall_severity())]
    }
}

fn severity_of(added: i64, relief: i64) -> i64 {
    let severity = added.clamp(0, TOP);
    if relief <= 0 { severity } else { (severity - relief).max(0) }
}

fn chance(doublings: i64) -> i64 {
    let x = doublings.clamp(-MAX_DOUBLINGS, MAX_DOUBLINGS) as f64 / 1e3;
    (1e3 / (1.0 + 2_f64.powf(-x))).round_ties_even() as i64
}

pub fn damage_of(severity: i64, noticed: i64) -> i64 {
    (2 * severity * noticed + 1000).div_euclid(2000)
}

pub fn half_up(numerator: i64, denominator: i64) -> i64 {
    (2 * numerator + denominator) / (2 * denominator)
}

pub fn level(levels: &Levels, thousandths: i64) -> usize {
    levels.lower.partition_point(|&lower| lower <= thousandths as f64 / 1e3) - 1
}

/// None if rounding is uncertain.
pub fn damage_in_tenths(unharmed: f64) -> Option<i64> {
    let tenths = 1e3 * (1.0 - unharmed) + 0.5;
    let whole = tenths.trunc();
    (DOUBT < tenths - whole && tenths - whole < 1.0 - DOUBT).then_some(whole as i64)
}

/// The same by whole numbers; None where they become too large.
fn exact_damage(damages: &[i64]) -> Option<i64> {
    let (mut left, mut whole) = (1_i128, 1_i128);
    for &damage in damages {
        let (mut factor, mut top) = (i128::from(TOP - damage), i128::from(TOP));
        for prime in [2, 5] {
            while factor % prime == 0 && top % prime == 0 {
                (factor, top) = (factor / prime, top / prime);
            }
        }
        (left, whole) = (left.checked_mul(factor)?, whole.checked_mul(top)?);
    }
    i64::try_from((whole - left).checked_mul(2000)?.checked_add(whole)? / whole.checked_mul(2)?).ok()
}
