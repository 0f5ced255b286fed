//! The value of an expression over what the names of a rule stand for.
use crate::memory::{Memory, Slot, fact};
use crate::numbers::{self, number};
use crate::program::{Comparator, Function, Node, Score, Value};
use std::cmp::Ordering;

const LARGEST: f64 = 9_007_199_254_740_992.0; // 2**53

impl Memory<'_> {
    pub fn holds(&self, node: &Node, slots: &[Slot]) -> bool {
        let facts = &self.facts;
        let value = |node: &Node| self.evaluate(node, slots);
        let truth = |node: &Node| self.holds(node, slots);
        match node {
            Node::Known(field) => !matches!(value(field), Value::Unknown),
            Node::Not(operand) => !truth(operand),
            Node::And(operands) => operands.iter().all(truth),
            Node::Or(operands) => operands.iter().any(truth),
            Node::Compare(operators, operands) => {
                let mut pairs = operators.iter().zip(operands.windows(2));
                pairs.all(|(operator, pair)| {
                    self.compares(*operator, self.evaluate(&pair[0], slots), self.evaluate(&pair[1], slots))
                })
            }
            Node::Among(item, values, negated) => {
                let item = value(item);
                values.iter().any(|&value| facts.same(item, value)) != *negated
            }
            Node::Holds(item, set, negated) => match (value(item), value(set)) {
                (item, Value::Set(set)) => facts.set(set).iter().any(|&word| facts.same(item, Value::Word(word))) != *negated,
                _ => {
                    self.leave();
                    false
                }
            },
            _ => matches!(value(node), Value::Truth(true)),
        }
    }

    #[inline(always)]
    pub fn compares(&self, operator: Comparator, left: Value, right: Value) -> bool {
        match operator {
            Comparator::Is => self.facts.same(left, right),
            Comparator::IsNot => !self.facts.same(left, right),
            operator => self.facts.compare(left, right).is_some_and(|order| meets(operator, order)),
        }
    }

    #[inline(always)]
    pub fn evaluate(&self, node: &Node, slots: &[Slot]) -> Value {
        match node {
            Node::Constant(value) => *value,
            Node::Field(slot, column) => self.facts.value(fact(slots[*slot]), *column),
            _ => self.computed(node, slots), // seldom, and a large function
        }
    }

    fn computed(&self, node: &Node, slots: &[Slot]) -> Value {
        let facts = &self.facts;
        let value = |node: &Node| self.evaluate(node, slots);
        match node {
            Node::Constant(_) | Node::Field(..) => value(node),
            Node::Score(slot, score) => self.score_of(fact(slots[*slot]), *score),
            Node::Id(slot) if fact(slots[*slot]) >= facts.given => self.left(None), // derived facts have no id yet
            Node::Id(slot) => Value::Word(facts.ids[fact(slots[*slot])]),
            Node::Kind(slot) => Value::Word(facts.kind(fact(slots[*slot])).name),
            Node::Trait(slot, place) => Value::Word(facts.kind(fact(slots[*slot])).traits[*place]),
            Node::Bound(slot) => match slots[*slot] {
                Slot::Value(value) => value,
                Slot::Fact(_) => self.left(None),
            },
            Node::Known(_)
            | Node::Not(_)
            | Node::And(_)
            | Node::Or(_)
            | Node::Compare(..)
            | Node::Among(..)
            | Node::Holds(..) => Value::Truth(self.holds(node, slots)),
            Node::Arithmetic(operator, left, right, whole) => self.arithmetic(*operator, value(left), value(right), *whole),
            Node::Negative(operand) => match value(operand) {
                Value::Whole(whole) => Value::Whole(-whole),
                Value::Number(number) => Value::Number(0.0 - number),
                _ => self.left(None),
            },
            Node::If(condition, then, otherwise) => value(if self.holds(condition, slots) { then } else { otherwise }),
            Node::Call(function, arguments) => self.call(*function, &arguments.iter().map(value).collect::<Vec<_>>()),
            Node::Slice(text, start, stop) => match value(text) {
                Value::Word(word) => Value::Word(facts.own(&slice(facts.word(word), *start, *stop))),
                _ => self.left(None),
            },
            Node::Curve(x, xs, ys, steep) => {
                self.left(number(value(x)).and_then(|x| numbers::curve(x, xs, ys, *steep)).map(Value::Number))
            }
            Node::Thousandths(amount) => self.left(number(value(amount)).and_then(numbers::thousandths).map(Value::Whole)),
            Node::Within(amount) => match value(amount) {
                Value::Whole(whole) => Value::Whole(whole.clamp(-(LARGEST as i64), LARGEST as i64)),
                Value::Number(number) => Value::Number(number.clamp(-LARGEST, LARGEST)),
                _ => self.left(None),
            },
            Node::Number(field) => number(value(field)).map_or(Value::Unknown, Value::Number),
        }
    }

    pub fn score_of(&self, mistake: usize, score: Score) -> Value {
        let Some(place) = self.finding_of[mistake] else {
            return self.left(None);
        };
        let (finding, scale) = (&self.findings[place], &self.program.scale);
        match score {
            Score::Severity => Value::Number(finding.severity as f64 / 1e3),
            Score::Noticed => Value::Number(finding.noticed as f64 / 1e3),
            Score::Urgency => Value::Number(finding.urgency as f64 / 1e3),
            Score::Damage => Value::Number(finding.damage as f64 / 1e3),
            Score::Verdict => Value::Word(scale.verdicts[finding.verdict]),
            Score::SeverityBand => Value::Word(scale.severity.words[finding.severity_band]),
            Score::NoticedLevel => Value::Word(scale.noticed.words[finding.noticed_level]),
            Score::UrgencyLevel => Value::Word(scale.urgency.words[finding.urgency_level]),
        }
    }

    fn arithmetic(&self, operator: char, left: Value, right: Value, whole: bool) -> Value {
        if let (Value::Whole(a), Value::Whole(b), true) = (left, right, whole) {
            let result = match operator {
                '+' => a.checked_add(b),
                '-' => a.checked_sub(b),
                '*' => a.checked_mul(b),
                _ => None,
            };
            return self.left(result.map(Value::Whole));
        }
        let result = number(left).zip(number(right)).and_then(|(a, b)| numbers::calculate(operator, a, b));
        self.left(result.map(Value::Number))
    }

    fn call(&self, function: Function, given: &[Value]) -> Value {
        let facts = &self.facts;
        let result = match (function, given) {
            (Function::Min, [first, rest @ ..]) => {
                rest.iter().try_fold(*first, |least, &each| self.extreme(least, each, Ordering::Less))
            }
            (Function::Max, [first, rest @ ..]) => {
                rest.iter().try_fold(*first, |most, &each| self.extreme(most, each, Ordering::Greater))
            }
            (Function::Abs, [Value::Whole(whole)]) => whole.checked_abs().map(Value::Whole),
            (Function::Abs, [Value::Number(number)]) => Some(Value::Number(number.abs())),
            (Function::Round, [value]) => number(*value).and_then(numbers::nearest_whole).map(Value::Whole),
            (Function::Len, [Value::Word(word)]) => Some(Value::Whole(facts.word(*word).chars().count() as i64)),
            (Function::Len, [Value::Set(set)]) => Some(Value::Whole(facts.set(*set).len() as i64)),
            (Function::Lower, [Value::Word(word)]) => {
                let text = facts.word(*word);
                text.is_ascii().then(|| Value::Word(facts.own(&text.to_ascii_lowercase()))) // other letters as Python has them
            }
            (Function::Contains, [Value::Word(text), Value::Word(part)]) => {
                Some(Value::Truth(facts.word(*text).contains(facts.word(*part))))
            }
            (Function::Starts, [Value::Word(text), Value::Word(part)]) => {
                Some(Value::Truth(facts.word(*text).starts_with(facts.word(*part))))
            }
            _ => None,
        };
        self.left(result)
    }

    /// One of two: the second only where it is less, or greater.
    pub fn extreme(&self, one: Value, other: Value, wanted: Ordering) -> Option<Value> {
        self.facts.compare(other, one).map(|order| if order == wanted { other } else { one })
    }

    /// A value; where there is none, Python has to decide.
    pub fn left(&self, value: Option<Value>) -> Value {
        value.unwrap_or_else(|| {
            self.leave();
            Value::Unknown
        })
    }
}

fn meets(operator: Comparator, order: Ordering) -> bool {
    match operator {
        Comparator::Is => order.is_eq(),
        Comparator::IsNot => order.is_ne(),
        Comparator::Less => order.is_lt(),
        Comparator::AtMost => order.is_le(),
        Comparator::More => order.is_gt(),
        Comparator::AtLeast => order.is_ge(),
    }
}

/// `text[start:stop]`, as in Python.
fn slice(text: &str, start: Option<i64>, stop: Option<i64>) -> String {
    let length = text.chars().count() as i64;
    let place = |at: i64| (if at < 0 { length + at } else { at }).clamp(0, length) as usize;
    let (start, stop) = (place(start.unwrap_or(0)), place(stop.unwrap_or(length)));
    text.chars().skip(start).take(stop.saturating_sub(start)).collect()
}
