//! The reasons of an answer: the text of every firing, with its facts and sources, as `misstep/assessment/explain.py` writes them.
use crate::json::Json;
use crate::memory::{Firing, Memory, Slot, fact};
use crate::program::{Effect, Node, Part, Rule, Value};
use crate::scoring::VERDICT;
use std::borrow::Cow;
use std::cmp::Ordering;

const DIMENSIONS: [&str; 7] = ["severity", "relief", "noticed", "urgency", "verdict", "overall", "outlook"];
const OUTLOOK: usize = 6;

/// A reason for a score, with its dimension and amount: thousandths, or the rank of a word.
pub struct Weighed {
    dimension: usize,
    amount: i64,
    pub firing: Firing,
}

impl Memory<'_> {
    // -- names of derived facts

    /// Give every derived fact an id, in the order of their values; the facts in the order of their kinds' names.
    pub fn name_derived(&mut self) -> Vec<usize> {
        let mut named: Vec<(usize, Vec<usize>)> = vec![];
        for fact in self.facts.given..self.facts.kinds.len() {
            self.name_kind(self.facts.kinds[fact], &mut named);
        }
        let name = |kind: usize| self.facts.word(self.program.kinds[kind].name);
        named.sort_by(|(a, _), (b, _)| name(*a).cmp(name(*b)));
        named.into_iter().flat_map(|(_, rows)| rows).collect()
    }

    fn name_kind(&mut self, kind: usize, named: &mut Vec<(usize, Vec<usize>)>) {
        if named.iter().any(|(other, _)| *other == kind) {
            return;
        }
        let mut rows = self.facts.of_kind[kind].clone();
        if self.program.kinds[kind].each {
            for source in self.sources(&rows) {
                self.name_kind(source, named); // it does not come of itself, and what it comes of has its names first
            }
            rows.sort_by(|&a, &b| self.facts.by_values(a, b).then_with(|| self.by_origin(a, b)));
        } else {
            rows.sort_by(|&a, &b| self.facts.by_values(a, b));
        }
        let ids = self.facts.free_ids(kind, rows.len());
        for (&fact, id) in rows.iter().zip(ids) {
            self.facts.ids[fact] = id;
        }
        named.push((kind, rows));
    }

    /// The kinds of the derived facts that some facts come of.
    fn sources(&self, rows: &[usize]) -> Vec<usize> {
        let mut kinds: Vec<usize> = vec![];
        for (_, firing) in self.derivations.iter().filter(|(fact, _)| rows.contains(fact)) {
            for &slot in self.matched(*firing) {
                if let Slot::Fact(source) = slot {
                    let kind = self.facts.kinds[source];
                    if source >= self.facts.given && !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
            }
        }
        kinds
    }

    /// The order of equal facts that are kept each: that of the rules and facts that they come of.
    fn by_origin(&self, a: usize, b: usize) -> Ordering {
        let origin = |of: usize| self.derivations.iter().find(|(fact, _)| *fact == of).map(|(_, firing)| *firing);
        let (Some(a), Some(b)) = (origin(a), origin(b)) else {
            return Ordering::Equal;
        };
        self.by_rule(a, b).then_with(|| {
            let orders = self.matched(a).iter().zip(self.matched(b)).map(|(&x, &y)| match (x, y) {
                (Slot::Fact(x), Slot::Fact(y)) => self.id(x).cmp(self.id(y)),
                (Slot::Value(x), Slot::Value(y)) => self.facts.compare(x, y).unwrap_or(Ordering::Equal),
                _ => Ordering::Equal,
            });
            orders.fold(Ordering::Equal, Ordering::then)
        })
    }

    // -- which reasons, in which order

    /// The reasons for the score of a mistake (None: of the record), the heaviest first.
    pub fn reasons_of(&self, mistake: Option<usize>) -> Vec<Weighed> {
        let own =
            self.contributions.iter().filter(|each| each.mistake == mistake && (each.amount != 0 || each.dimension == VERDICT));
        let mut reasons: Vec<Weighed> =
            own.map(|each| Weighed { dimension: each.dimension, amount: each.amount, firing: each.firing }).collect();
        if mistake.is_none() {
            for (place, firing) in &self.outlooks {
                if let Effect::Limit(rank) = self.program.rules[firing.rule].effects[*place] {
                    reasons.push(Weighed { dimension: OUTLOOK, amount: rank as i64, firing: *firing });
                }
            }
        }
        reasons.sort_by(|a, b| {
            let by_weight = a.dimension.cmp(&b.dimension).then(b.amount.abs().cmp(&a.amount.abs()));
            by_weight.then_with(|| self.by_rule_and_facts(a.firing, b.firing))
        });
        reasons
    }

    pub fn by_rule_and_facts(&self, a: Firing, b: Firing) -> Ordering {
        self.by_rule(a, b)
            .then_with(|| self.facts_of(a).map(|fact| self.id(fact)).cmp(self.facts_of(b).map(|fact| self.id(fact))))
    }

    fn by_rule(&self, a: Firing, b: Firing) -> Ordering {
        self.facts.word(self.rule(a).id).cmp(self.facts.word(self.rule(b).id))
    }

    fn rule(&self, firing: Firing) -> &Rule {
        &self.program.rules[firing.rule]
    }

    fn facts_of(&self, firing: Firing) -> impl Iterator<Item = usize> {
        let matched = self.matched(firing);
        self.rule(firing).facts.iter().map(|&slot| fact(matched[slot]))
    }

    pub fn id(&self, fact: usize) -> &str {
        self.facts.word(self.facts.ids[fact])
    }

    // -- reasons as JSON

    pub fn weighed(&self, json: &mut Json, reasons: &[Weighed]) {
        json.list(reasons, |json, reason| {
            json.put(&self.rule(reason.firing).begin);
            json.put(",\"dimension\":\"").put(DIMENSIONS[reason.dimension]).put("\",\"amount\":");
            if reason.dimension == VERDICT || reason.dimension == OUTLOOK {
                json.thousandths(reason.amount * 1000);
            } else {
                json.thousandths(reason.amount);
            }
            self.explain(json, reason.firing);
        });
    }

    /// Why an action is recommended or vetoed, or a fact concluded.
    pub fn action_reasons(&self, json: &mut Json, mut firings: Vec<Firing>) {
        firings.sort_by(|a, b| self.by_rule_and_facts(*a, *b));
        json.list(firings, |json, firing| {
            json.put(&self.rule(firing).begin);
            self.explain(json, firing);
        });
    }

    /// The text of a firing, its facts, sources and basis. A text that shows a default ends with "(assumed)".
    fn explain(&self, json: &mut Json, firing: Firing) {
        let (rule, matched) = (self.rule(firing), self.matched(firing));
        let assumed = self.rests_on(&rule.read, matched);
        json.put(",\"text\":").pieces(|json| {
            self.say(&rule.because, matched, |piece| {
                json.put(piece);
            });
            if assumed && self.rests_on(&rule.shown, matched) {
                json.put(" (assumed)");
            }
        });
        json.put(",\"facts\":").texts(self.facts_of(firing).map(|fact| self.id(fact)));
        json.put(&rule.ends[usize::from(assumed)]);
    }

    /// Whether a firing decides or computes by a default, for something that the record leaves out.
    pub fn rests_on_default(&self, firing: Firing) -> bool {
        self.rests_on(&self.rule(firing).read, self.matched(firing))
    }

    fn rests_on(&self, fields: &[(usize, usize)], matched: &[Slot]) -> bool {
        fields.iter().any(|(slot, column)| !self.facts.says(fact(matched[*slot]), *column))
    }

    // -- texts

    /// Say a text, piece by piece.
    pub fn say(&self, parts: &[Part], matched: &[Slot], mut add: impl FnMut(&str)) {
        for part in parts {
            let shown = |node: &Node| self.show(self.evaluate(node, matched));
            match part {
                Part::Text(text) => add(text),
                Part::Title(slot) => add(&self.facts.kind(fact(matched[*slot])).title),
                Part::Show(node) => add(&shown(node)),
                Part::Word(node) => add(&shown(node).replace('_', " ")),
            }
        }
    }

    /// A value as people write it.
    pub fn show(&self, value: Value) -> Cow<'_, str> {
        match value {
            Value::Unknown => "unknown".into(),
            Value::Truth(truth) => if truth { "yes" } else { "no" }.into(),
            Value::Whole(whole) => whole.to_string().into(),
            Value::Number(number) if number.fract() == 0.0 => format!("{number:.0}").into(),
            Value::Number(number) => {
                let places = format!("{number:.3}");
                let shortest = places.trim_end_matches('0');
                if shortest.ends_with('.') { format!("{shortest}0") } else { shortest.to_string() }.into()
            }
            Value::Word(word) => self.facts.word(word).into(),
            Value::Set(set) => {
                let words = self.facts.set(set).iter().map(|&word| self.facts.word(word));
                words.collect::<Vec<_>>().join(", ").into()
            }
        }
    }
}
