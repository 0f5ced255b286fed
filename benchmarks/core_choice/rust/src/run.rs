//! Rules on the facts of a record: what they contribute, with the match that it comes of.
use crate::facts::{Facts, number};
use crate::program::{Comparator, Effect, Inside, Node, Program, Rule, Step, Value};
use std::cell::Cell;
use std::cmp::Ordering;

const WORK: usize = 1_000_000;
const VERDICT: usize = 4;

pub struct Contribution {
    pub mistake: usize,
    pub dimension: usize,
    pub amount: i64,
    pub rule: usize,
    /// Where its match begins in `matches`, a fact for each slot.
    pub matched: usize,
}

pub struct Run<'p> {
    pub program: &'p Program,
    pub facts: Facts<'p>,
    pub matches: Vec<usize>,
    pub contributions: Vec<Contribution>,
    work: Cell<usize>,
    /// Something came up that Python has to decide.
    left: Cell<bool>,
}

impl<'p> Run<'p> {
    pub fn conclude(program: &'p Program, facts: Facts<'p>) -> Option<Run<'p>> {
        let mut run = Run {
            program,
            facts,
            matches: vec![],
            contributions: vec![],
            work: Cell::new(0),
            left: Cell::new(false),
        };
        let mut slots = vec![0; program.rules.iter().map(|rule| rule.slots + 1).max().unwrap_or(0)];
        for fact in 0..run.facts.kinds.len() {
            for &number in &program.starts[run.facts.kinds[fact]] {
                let rule = &program.rules[number];
                slots[rule.start.0] = fact;
                run.steps(number, rule, 0, &mut slots);
            }
        }
        (!run.left.get()).then_some(run)
    }

    fn steps(&mut self, number: usize, rule: &'p Rule, from: usize, slots: &mut [usize]) {
        for (place, step) in rule.steps.iter().enumerate().skip(from) {
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
                Step::Each(slot, pattern, others) => {
                    for &kind in &self.program.patterns[*pattern].kinds {
                        self.spend(self.facts.of_kind[kind].len());
                        for i in 0..self.facts.of_kind[kind].len() {
                            slots[*slot] = self.facts.of_kind[kind][i];
                            if others.iter().all(|&other| slots[other] != slots[*slot]) {
                                self.steps(number, rule, place + 1, slots);
                            }
                        }
                    }
                    return;
                }
            }
        }
        let matched = self.matches.len();
        self.matches.extend(&slots[..rule.slots]);
        for Effect::Contribute(dimension, target, amount) in &rule.effects {
            let Value::Whole(amount) = self.evaluate(amount, slots) else {
                return self.left.set(true);
            };
            self.contributions.push(Contribution {
                mistake: slots[*target],
                dimension: *dimension,
                amount,
                rule: number,
                matched,
            });
        }
    }

    fn exists(&self, inside: &Inside, slots: &mut [usize]) -> bool {
        let kinds = &self.program.patterns[inside.pattern].kinds;
        kinds.iter().any(|&kind| {
            self.spend(self.facts.of_kind[kind].len());
            self.facts.of_kind[kind].iter().any(|&fact| {
                slots[inside.slot] = fact;
                inside.others.iter().all(|&other| slots[other] != fact) && inside.tests.iter().all(|test| self.holds(test, slots))
            })
        })
    }

    fn spend(&self, work: usize) {
        self.work.set(self.work.get() + work);
        if self.work.get() > WORK {
            self.left.set(true);
        }
    }

    fn holds(&self, node: &Node, slots: &[usize]) -> bool {
        matches!(self.evaluate(node, slots), Value::Truth(true))
    }

    pub fn evaluate(&self, node: &Node, slots: &[usize]) -> Value {
        let facts = &self.facts;
        match node {
            Node::Constant(value) => *value,
            Node::Field(slot, column) => facts.value(slots[*slot], *column),
            Node::Id(slot) => Value::Word(facts.ids[slots[*slot]]),
            Node::Kind(slot) => Value::Word(facts.kind(slots[*slot]).name),
            Node::Trait(slot, place) => Value::Word(facts.kind(slots[*slot]).traits[*place]),
            Node::Known(field) => Value::Truth(!matches!(self.evaluate(field, slots), Value::Unknown)),
            Node::Not(operand) => Value::Truth(!self.holds(operand, slots)),
            Node::And(operands) => Value::Truth(operands.iter().all(|operand| self.holds(operand, slots))),
            Node::Or(operands) => Value::Truth(operands.iter().any(|operand| self.holds(operand, slots))),
            Node::Compare(operators, operands) => {
                let mut left = self.evaluate(&operands[0], slots);
                for (operator, operand) in operators.iter().zip(&operands[1..]) {
                    let right = self.evaluate(operand, slots);
                    let order = facts.compare(left, right);
                    let met = match operator {
                        Comparator::Is => order.is_some_and(Ordering::is_eq),
                        Comparator::IsNot => !order.is_some_and(Ordering::is_eq),
                        Comparator::Less => order.is_some_and(Ordering::is_lt),
                        Comparator::AtMost => order.is_some_and(Ordering::is_le),
                        Comparator::More => order.is_some_and(Ordering::is_gt),
                        Comparator::AtLeast => order.is_some_and(Ordering::is_ge),
                    };
                    if !met {
                        return Value::Truth(false);
                    }
                    left = right;
                }
                Value::Truth(true)
            }
            Node::Among(item, values, negated) => {
                let item = self.evaluate(item, slots);
                let found = values
                    .iter()
                    .any(|&value| facts.compare(item, value).is_some_and(Ordering::is_eq));
                Value::Truth(found != *negated)
            }
            Node::Arithmetic(operator, left, right, whole) => {
                self.arithmetic(*operator, self.evaluate(left, slots), self.evaluate(right, slots), *whole)
            }
            Node::If(condition, then, otherwise) => {
                self.evaluate(if self.holds(condition, slots) { then } else { otherwise }, slots)
            }
            Node::Curve(x, xs, ys, steep) => self.curve(self.evaluate(x, slots), xs, ys, *steep),
            Node::Thousandths(amount) => self.thousandths(self.evaluate(amount, slots)),
        }
    }

    // -- numbers, as misstep.language.numbers has them, where floats are sure

    fn arithmetic(&self, operator: char, left: Value, right: Value, whole: bool) -> Value {
        if let (Value::Whole(a), Value::Whole(b), true) = (left, right, whole) {
            let result = match operator {
                '+' => a.checked_add(b),
                '-' => a.checked_sub(b),
                _ => a.checked_mul(b),
            };
            return result.map_or_else(|| self.leave(), Value::Whole);
        }
        let (Some(a), Some(b)) = (number(left), number(right)) else {
            return self.leave();
        };
        let (result, largest) = match operator {
            '+' => (a + b, a.abs().max(b.abs())),
            '-' => (a - b, a.abs().max(b.abs())),
            '*' => (a * b, (a * b).abs()),
            _ => (a / b, (a / b).abs()),
        };
        self.rounded(result, largest)
    }

    fn curve(&self, x: Value, xs: &[f64], ys: &[f64], steep: bool) -> Value {
        let Some(x) = number(x) else { return self.leave() };
        let i = xs.partition_point(|&point| point <= x);
        if i == 0 || i == xs.len() {
            return Value::Number(if i == 0 { ys[0] } else { ys[i - 1] });
        }
        let (x0, y0, x1, y1) = (xs[i - 1], ys[i - 1], xs[i], ys[i]);
        match nearest((y0 + (y1 - y0) * (x - x0) / (x1 - x0)) * 1e6) {
            Some(whole) if !steep => Value::Number(whole / 1e6),
            _ => exactly(x, x0, y0, x1, y1).map_or_else(|| self.leave(), Value::Number),
        }
    }

    fn thousandths(&self, amount: Value) -> Value {
        let Some(amount) = number(amount) else { return self.leave() };
        match (nearest(amount * 1e3), millionths(amount)) {
            (Some(whole), _) if amount.abs() < SMALL => Value::Whole(whole as i64),
            (_, Some(exact)) => {
                let (whole, rest) = (exact.div_euclid(1000), exact.rem_euclid(1000));
                Value::Whole((whole + i128::from(rest > 500 || (rest == 500 && whole % 2 != 0))) as i64)
            }
            _ => self.leave(),
        }
    }

    fn rounded(&self, result: f64, largest: f64) -> Value {
        match nearest(result * 1e6) {
            Some(whole) if largest < SMALL => Value::Number(whole / 1e6),
            _ => self.leave(),
        }
    }

    fn leave(&self) -> Value {
        self.left.set(true);
        Value::Unknown
    }
}

const SMALL: f64 = 1e8;
const SURE: f64 = 0.4;

/// The nearest whole number; None where the errors of floats could change it.
fn nearest(scaled: f64) -> Option<f64> {
    let whole = scaled.round_ties_even();
    (-SURE < scaled - whole && scaled - whole < SURE).then_some(whole + 0.0) // -0.0 is 0.0
}

/// A number of at most six places below a thousand million, in millionths; None of others.
fn millionths(number: f64) -> Option<i128> {
    let whole = (number * 1e6).round();
    (whole.abs() < 1e15 && whole / 1e6 == number).then_some(whole as i128)
}

/// A straight line by whole numbers; None of numbers that have no millionths.
fn exactly(x: f64, x0: f64, y0: f64, x1: f64, y1: f64) -> Option<f64> {
    let (x, x0, y0, x1, y1) = (
        millionths(x)?,
        millionths(x0)?,
        millionths(y0)?,
        millionths(x1)?,
        millionths(y1)?,
    );
    let part = y0 * (x1 - x0) + (y1 - y0) * (x - x0);
    let size = (2 * part.abs() + (x1 - x0)) / (2 * (x1 - x0));
    Some((size * part.signum()) as f64 / 1e6)
}

pub fn is_reason(contribution: &Contribution) -> bool {
    contribution.amount != 0 || contribution.dimension == VERDICT
}
