//! Run the strata of a phase: rules that derive facts to a fixpoint, then all others once.
use crate::memory::{Contribution, Firing, Memory, Recommendation, Slot, Veto, fact};
use crate::numbers::{self, number};
use crate::program::{
    Aggregate, Check, Deriving, Effect, Gather, Inside, Met, Over, Pass, Phase, Program, Read, Start, Step, Value,
};
use std::cmp::Ordering;

/// Which facts of growing kinds a rule is run on: the pattern at `place` takes the new facts, those before it the old ones, those after
/// it all; without a place each takes the old ones. So every match is found once.
struct Window<'w> {
    kinds: &'w [usize],
    place: Option<usize>,
    old: Vec<usize>,
    new: Vec<usize>,
}

impl<'p> Memory<'p> {
    pub fn run(&mut self, phase: &'p Phase) {
        let mut slots = vec![Slot::Value(Value::Unknown); self.program.most_slots];
        for deriving in &phase.deriving {
            self.pass(&deriving.pass, &mut slots);
            if !deriving.growing.is_empty() {
                self.fixpoint(deriving);
            }
        }
        self.pass(&phase.pass, &mut slots);
    }

    fn pass(&mut self, pass: &'p Pass, slots: &mut [Slot]) {
        for of in 0..self.facts.kinds.len() {
            self.start(&pass.facts[self.facts.kinds[of]], of, slots);
        }
        for place in 0..self.findings.len() {
            let of = self.findings[place].fact;
            self.start(&pass.findings[self.facts.kinds[of]], of, slots);
        }
        for &rule in &pass.always {
            self.steps(rule, 0, slots, None);
        }
    }

    fn start(&mut self, starts: &'p [Start], of: usize, slots: &mut [Slot]) {
        for start in starts {
            match start.checks.iter().find(|check| !self.meets(check, of)) {
                Some(failed) if failed.after > 0 => {
                    let looked_at = &start.looked_at[..failed.after];
                    self.spend(looked_at.iter().map(|&kind| self.facts.of_kind[kind].len()).sum());
                }
                Some(_) => (),
                None => {
                    slots[start.slot] = Slot::Fact(of);
                    self.steps(start.rule, start.next, slots, None);
                }
            }
        }
    }

    #[inline]
    fn meets(&self, check: &Check, of: usize) -> bool {
        let value = match check.read {
            Read::Own(column) => self.facts.value(of, column),
            Read::Score(score) => self.score_of(of, score),
            Read::Setting(kind, column) => match self.facts.of_kind[kind].first() {
                Some(&setting) => self.facts.value(setting, column),
                None => return false,
            },
        };
        let met = match &check.met {
            Met::True => matches!(value, Value::Truth(true)),
            Met::Known => !matches!(value, Value::Unknown),
            Met::Compares(operator, other) => self.compares(*operator, value, *other),
            Met::Among(values) => values.iter().any(|&other| self.facts.same(value, other)),
        };
        met != check.negated
    }

    // -- recursive rules

    fn fixpoint(&mut self, deriving: &'p Deriving) {
        let counts = |memory: &Self| deriving.kinds.iter().map(|&kind| memory.facts.of_kind[kind].len()).collect::<Vec<_>>();
        let mut window = Window { kinds: &deriving.kinds, place: None, old: counts(self), new: counts(self) };
        for &rule in &deriving.growing {
            self.fire_on(rule, &window);
        }
        loop {
            window.new = counts(self);
            if window.new == window.old || self.is_left() {
                return;
            }
            for &rule in &deriving.growing {
                for (place, step) in self.program.rules[rule].steps.iter().enumerate() {
                    if matches!(step, Step::Each(_, pattern, _) if self.grows(*pattern, &deriving.kinds)) {
                        window.place = Some(place);
                        self.fire_on(rule, &window);
                    }
                }
            }
            window.old = window.new.clone();
        }
    }

    fn fire_on(&mut self, rule: usize, window: &Window) {
        let mut slots = vec![Slot::Value(Value::Unknown); self.program.most_slots];
        for step in &self.program.rules[rule].steps {
            if let Step::Each(_, pattern, _) | Step::Exists(Inside { pattern, .. }, _) = step {
                self.spend(self.program.patterns[*pattern].kinds.iter().map(|&kind| self.facts.of_kind[kind].len()).sum());
            }
        }
        self.steps(rule, 0, &mut slots, Some(window));
    }

    fn grows(&self, pattern: usize, kinds: &[usize]) -> bool {
        let pattern = &self.program.patterns[pattern];
        pattern.over == Over::Fact && pattern.kinds.iter().any(|kind| kinds.contains(kind))
    }

    // -- one rule

    fn steps(&mut self, number: usize, from: usize, slots: &mut [Slot], window: Option<&Window>) {
        let program: &'p Program = self.program;
        let steps = &program.rules[number].steps;
        for (place, step) in steps.iter().enumerate().skip(from) {
            match step {
                Step::Test(test) => {
                    if !self.holds(test, slots) {
                        return;
                    }
                }
                Step::Exists(inside, negated) => {
                    if self.exists(inside, slots) == *negated {
                        return;
                    }
                }
                Step::Gather(gather) if gather.keys.is_empty() => {
                    let Some(value) = self.gather(gather, slots) else { return };
                    slots[gather.slot] = Slot::Value(value);
                }
                Step::Gather(gather) => {
                    for (keys, value) in self.groups(gather, slots) {
                        for ((slot, _), key) in gather.keys.iter().zip(keys) {
                            slots[*slot] = Slot::Value(key);
                        }
                        slots[gather.slot] = Slot::Value(value);
                        self.steps(number, place + 1, slots, window);
                    }
                    return;
                }
                Step::Each(slot, pattern, others) => {
                    let pattern = &program.patterns[*pattern];
                    if pattern.over == Over::Outlook {
                        if !others.is_empty() {
                            return; // another pattern has taken the one there is
                        }
                        slots[*slot] = self.outlook_slot();
                        continue;
                    }
                    let findings = pattern.over == Over::Finding;
                    let tests = steps[place + 1..].iter().map_while(Step::test);
                    let next = place + 1 + tests.clone().count();
                    // by place: a rule that derives facts adds to them
                    for kind in 0..pattern.among.as_ref().map_or(pattern.kinds.len(), |_| self.facts.present.len()) {
                        let kind = match &pattern.among {
                            None => pattern.kinds[kind],
                            Some(among) if among[self.facts.present[kind]] => self.facts.present[kind],
                            Some(_) => continue,
                        };
                        let (start, end) = part(window, place, kind, self.rows(kind, findings).len());
                        self.spend(end - start);
                        for i in start..end {
                            if self.is_left() {
                                return;
                            }
                            let of = self.rows(kind, findings)[i];
                            slots[*slot] = Slot::Fact(of);
                            if others.iter().all(|&other| fact(slots[other]) != of)
                                && tests.clone().all(|test| self.holds(test, slots))
                            {
                                self.steps(number, next, slots, window);
                            }
                        }
                    }
                    return;
                }
            }
        }
        self.fire(number, slots);
    }

    fn exists(&self, inside: &Inside, slots: &mut [Slot]) -> bool {
        let pattern = &self.program.patterns[inside.pattern];
        if pattern.over == Over::Outlook {
            return self.takes_outlook(inside, slots);
        }
        self.kinds_of(pattern).any(|kind| {
            let rows = self.rows(kind, pattern.over == Over::Finding);
            self.spend(rows.len());
            rows.iter().any(|&of| self.takes(inside, of, slots))
        })
    }

    /// Whether a fact meets the conditions of an existence or aggregate.
    fn takes(&self, inside: &Inside, of: usize, slots: &mut [Slot]) -> bool {
        slots[inside.slot] = Slot::Fact(of);
        inside.others.iter().all(|&other| fact(slots[other]) != of) && inside.tests.iter().all(|test| self.holds(test, slots))
    }

    /// Whether the outlook, which is there once, does.
    fn takes_outlook(&self, inside: &Inside, slots: &mut [Slot]) -> bool {
        slots[inside.slot] = self.outlook_slot();
        inside.others.is_empty() && inside.tests.iter().all(|test| self.holds(test, slots))
    }

    fn outlook_slot(&self) -> Slot {
        Slot::Value(Value::Word(self.program.scale.outlooks[self.outlook]))
    }

    // -- aggregates

    /// Look at all facts that an aggregate is about.
    fn gathered(&self, gather: &Gather, slots: &mut [Slot], mut add: impl FnMut(&mut [Slot])) {
        let pattern = &self.program.patterns[gather.inside.pattern];
        if pattern.over == Over::Outlook && self.takes_outlook(&gather.inside, slots) {
            add(slots);
        }
        for kind in self.kinds_of(pattern) {
            let rows = self.rows(kind, pattern.over == Over::Finding);
            self.spend(rows.len());
            for &of in rows {
                if self.takes(&gather.inside, of, slots) {
                    add(slots);
                }
            }
        }
    }

    fn value_in(&self, gather: &Gather, slots: &[Slot]) -> Value {
        gather.value.as_ref().map_or(Value::Whole(1), |value| self.evaluate(value, slots))
    }

    /// The value of an aggregate; None: it has none.
    fn gather(&self, gather: &Gather, slots: &mut [Slot]) -> Option<Value> {
        if let Aggregate::Count = gather.function {
            let mut count = 0;
            self.gathered(gather, slots, |_| count += 1);
            return Some(Value::Whole(count));
        }
        let mut values = vec![];
        self.gathered(gather, slots, |slots| values.push(self.value_in(gather, slots)));
        self.aggregate(gather, &values)
    }

    /// The value of an aggregate for all facts whose keys are equal, in the order of these.
    fn groups(&self, gather: &Gather, slots: &mut [Slot]) -> Vec<(Vec<Value>, Value)> {
        let mut groups: Vec<(Vec<Value>, Vec<Value>)> = vec![];
        self.gathered(gather, slots, |slots| {
            let keys: Vec<Value> = gather.keys.iter().map(|(_, key)| self.evaluate(key, slots)).collect();
            let value = self.value_in(gather, slots);
            match groups.iter_mut().find(|(known, _)| self.in_order(known, &keys).is_eq()) {
                Some((_, values)) => values.push(value),
                None => groups.push((keys, vec![value])),
            }
        });
        groups.sort_by(|(a, _), (b, _)| self.in_order(a, b));
        groups.into_iter().filter_map(|(keys, values)| Some((keys, self.aggregate(gather, &values)?))).collect()
    }

    fn in_order(&self, a: &[Value], b: &[Value]) -> Ordering {
        let mut orders = a.iter().zip(b).map(|(&x, &y)| self.facts.compare(x, y));
        orders.find(|order| *order != Some(Ordering::Equal)).map_or(Ordering::Equal, |order| {
            order.unwrap_or_else(|| {
                self.leave();
                Ordering::Equal
            })
        })
    }

    fn aggregate(&self, gather: &Gather, values: &[Value]) -> Option<Value> {
        let numbers = || values.iter().filter_map(|&value| number(value)).collect::<Vec<f64>>();
        let extreme = |wanted| {
            let (first, rest) = values.split_first()?;
            Some(self.left(rest.iter().try_fold(*first, |one, &other| self.extreme(one, other, wanted))))
        };
        match gather.function {
            Aggregate::Count => Some(Value::Whole(values.len() as i64)),
            Aggregate::Sum if gather.whole => {
                let whole = |value: &Value| if let Value::Whole(whole) = value { Some(*whole) } else { None };
                let sum = values.iter().map(whole).try_fold(0_i64, |sum, each| sum.checked_add(each?));
                Some(self.left(sum.map(Value::Whole)))
            }
            Aggregate::Sum => Some(self.left(numbers::total(&numbers()).map(Value::Number))),
            Aggregate::Average => (!values.is_empty()).then(|| self.left(numbers::average(&numbers()).map(Value::Number))),
            Aggregate::Min => extreme(Ordering::Less),
            Aggregate::Max => extreme(Ordering::Greater),
            Aggregate::Distinct => {
                let new = |(i, value): &(usize, &Value)| !values[..*i].iter().any(|known| self.facts.same(*known, **value));
                Some(Value::Whole(values.iter().enumerate().filter(new).count() as i64))
            }
        }
    }

    // -- effects

    fn fire(&mut self, number: usize, slots: &[Slot]) {
        let program: &'p Program = self.program;
        let rule = &program.rules[number];
        let firing = Firing { rule: number, matched: self.matches.len() };
        self.matches.extend(&slots[..rule.slots]);
        for (place, effect) in rule.effects.iter().enumerate() {
            let mistakes = |targets: &[usize]| targets.iter().map(|&slot| fact(slots[slot])).collect::<Vec<_>>();
            match effect {
                Effect::Contribute(dimension, target, amount) => {
                    let amount = self.amount(amount, slots);
                    let mistake = target.map(|slot| fact(slots[slot]));
                    self.contributions.push(Contribution { mistake, dimension: *dimension, amount, firing });
                }
                Effect::Derive(kind, values) => {
                    let values: Vec<Value> = values.iter().map(|value| self.evaluate(value, slots)).collect();
                    self.derive(*kind, &values, firing);
                }
                Effect::Recommend(action, targets, relief, due) => {
                    let relief = relief.as_ref().map(|relief| self.amount(relief, slots));
                    let due_hours = due.as_ref().and_then(|due| crate::numbers::number(self.evaluate(due, slots)));
                    let mistakes = mistakes(targets);
                    self.recommendations.push(Recommendation { action: *action, mistakes, relief, due_hours, firing });
                }
                Effect::Veto(action, targets) => self.vetoes.push(Veto { action: *action, mistakes: mistakes(targets), firing }),
                Effect::Note(_) => self.notes.push((place, firing)),
                Effect::Limit(_) => self.outlooks.push((place, firing)),
            }
        }
    }

    fn amount(&self, amount: &crate::program::Node, slots: &[Slot]) -> i64 {
        match self.evaluate(amount, slots) {
            Value::Whole(whole) if whole.abs() < MOST_OF_AN_AMOUNT => whole,
            _ => {
                self.leave();
                0
            }
        }
    }
}

/// So that no sum of amounts can overflow.
const MOST_OF_AN_AMOUNT: i64 = 1 << 40;

/// The part of the rows of a kind that a step takes.
fn part(window: Option<&Window>, place: usize, kind: usize, rows: usize) -> (usize, usize) {
    let Some(window) = window else { return (0, rows) };
    let Some(i) = window.kinds.iter().position(|&growing| growing == kind) else {
        return if window.place == Some(place) { (rows, rows) } else { (0, rows) };
    };
    match window.place {
        Some(own) if place == own => (window.old[i], window.new[i]),
        Some(own) if place < own => (0, window.old[i]),
        _ => (0, window.new[i]),
    }
}
