//! Render the templates of kinds, actions, messages and headlines for one record, as `misstep/assessment/speech.py` does.
use crate::memory::Memory;
use crate::program::{Constant, Filter, OfField, Operator, Piece, Template, Term, Value, Variable, Which};
use std::borrow::Cow;

/// A blank inside of the text of a fact, where no sentence ends and no line breaks.
pub const GLUE: &str = "\0";
const QUOTED_WORDS: usize = 25;
const QUOTED_LENGTH: usize = 160;
const NAMED_MISTAKES: usize = 2;
const USUAL_LENGTH: usize = 256;

/// The data of a template. `mistakes`: those that it is about, worst first; `plan`: the actions of the plan.
#[derive(Clone, Default)]
pub struct Occurrence {
    pub verdict: u32,
    pub plan: Vec<usize>,
    pub mistakes: Vec<usize>,
    pub step: [String; 5],
}

/// A value in a template.
#[derive(Clone)]
enum Shown<'m> {
    /// False, equal to nothing, and a blank to fill in.
    Unknown(&'m str),
    Truth(bool),
    Whole(i64),
    Number(f64),
    Text(Cow<'m, str>),
    /// A word of the rule base.
    Word(&'m str),
    Set(&'m [u32]),
}

impl Shown<'_> {
    fn is_true(&self) -> bool {
        match self {
            Shown::Unknown(_) => false,
            Shown::Truth(truth) => *truth,
            Shown::Whole(whole) => *whole != 0,
            Shown::Number(number) => *number != 0.0,
            Shown::Text(text) => !text.is_empty(),
            Shown::Word(word) => !word.is_empty(),
            Shown::Set(set) => !set.is_empty(),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Shown::Text(text) => Some(text),
            Shown::Word(word) => Some(word),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Shown::Whole(whole) => Some(*whole as f64),
            Shown::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn same(&self, other: &Shown) -> bool {
        match (self, other) {
            (Shown::Truth(a), Shown::Truth(b)) => a == b,
            _ => match (self.text(), other.text()) {
                (Some(a), Some(b)) => a == b,
                _ => self.number().is_some() && self.number() == other.number(),
            },
        }
    }
}

impl Memory<'_> {
    /// Say a template; nothing where there is none.
    pub fn render(&self, template: Option<usize>, of: &Occurrence) -> String {
        let Some(number) = template else { return String::new() };
        let mut said = String::with_capacity(USUAL_LENGTH);
        let template = &self.program.templates[number];
        self.pieces(template, &template.body, of, &mut said);
        said
    }

    /// The same of the kind of a mistake.
    pub fn of_kind(&self, template: Option<usize>, mistake: usize) -> String {
        let of = Occurrence { mistakes: vec![mistake], ..Occurrence::default() };
        self.render(template, &of).trim().to_string()
    }

    fn pieces<'m>(&'m self, template: &'m Template, pieces: &'m [Piece], of: &'m Occurrence, said: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => said.push_str(text),
                Piece::Value(term) => said.push_str(&self.shown(&self.term(template, term, of))),
                Piece::If(branches, otherwise) => {
                    let met = branches.iter().find(|(test, _)| self.term(template, test, of).is_true());
                    self.pieces(template, met.map_or(otherwise, |(_, body)| body), of, said);
                }
            }
        }
    }

    /// A value as it is put into a text.
    fn shown<'s>(&'s self, value: &'s Shown) -> Cow<'s, str> {
        match value {
            Shown::Unknown(name) => format!("[{}]", name.replace('_', " ")).into(),
            Shown::Text(text) => Cow::Borrowed(text),
            Shown::Word(word) => word.replace('_', " ").into(),
            Shown::Set(set) => {
                set.iter().map(|&word| self.facts.word(word).replace('_', " ")).collect::<Vec<_>>().join(", ").into()
            }
            Shown::Truth(truth) => self.show(Value::Truth(*truth)),
            Shown::Whole(whole) => self.show(Value::Whole(*whole)),
            Shown::Number(number) => self.show(Value::Number(*number)),
        }
    }

    // -- expressions

    fn term<'m>(&'m self, template: &'m Template, term: &'m Term, of: &'m Occurrence) -> Shown<'m> {
        let value = |term: &'m Term| self.term(template, term, of);
        match term {
            Term::Constant(Constant::Truth(truth)) => Shown::Truth(*truth),
            Term::Constant(Constant::Whole(whole)) => Shown::Whole(*whole),
            Term::Constant(Constant::Number(number)) => Shown::Number(*number),
            Term::Constant(Constant::Text(text)) => Shown::Text(Cow::Borrowed(text)),
            Term::Variable(number) => self.variable(&template.variables[*number], of),
            Term::Not(operand) => Shown::Truth(!value(operand).is_true()),
            Term::And(left, right) => Some(value(left)).filter(|left| !left.is_true()).unwrap_or_else(|| value(right)),
            Term::Or(left, right) => Some(value(left)).filter(Shown::is_true).unwrap_or_else(|| value(right)),
            Term::Choose(test, then, otherwise) => value(if value(test).is_true() { then } else { otherwise }),
            Term::Filter(filter, operand) => self.filter(*filter, value(operand)),
            Term::Compare(operator, left, right) => {
                let (left, right) = (value(left), value(right));
                let order = left.number().zip(right.number()).and_then(|(left, right)| left.partial_cmp(&right));
                Shown::Truth(match operator {
                    Operator::Eq => left.same(&right),
                    Operator::Ne => !left.same(&right),
                    Operator::Lt => order.is_some_and(|order| order.is_lt()),
                    Operator::AtMost => order.is_some_and(|order| order.is_le()),
                    Operator::Gt => order.is_some_and(|order| order.is_gt()),
                    Operator::AtLeast => order.is_some_and(|order| order.is_ge()),
                })
            }
            Term::Among(item, items, negated) => {
                let item = value(item);
                Shown::Truth(items.iter().any(|other| item.same(&value(other))) != *negated)
            }
            Term::Holds(item, set, negated) => {
                let item = value(item);
                let found = match value(set) {
                    Shown::Set(set) => set.iter().any(|&word| item.text() == Some(self.facts.word(word))),
                    _ => false,
                };
                Shown::Truth(found != *negated)
            }
        }
    }

    fn filter<'m>(&self, filter: Filter, value: Shown<'m>) -> Shown<'m> {
        if !value.is_true() {
            return value;
        }
        if let Filter::Round = filter {
            return value.number().map_or(value, |number| Shown::Whole(number.round_ties_even() as i64));
        }
        let text = self.shown(&value);
        if !text.is_ascii() {
            self.leave(); // other letters as Python has them
        }
        Shown::Text(Cow::Owned(match filter {
            Filter::Lower => text.to_ascii_lowercase(),
            Filter::Upper => text.to_ascii_uppercase(),
            _ => capitalized(&text),
        }))
    }

    // -- variables

    fn variable<'m>(&'m self, variable: &'m Variable, of: &'m Occurrence) -> Shown<'m> {
        let scale = &self.program.scale;
        match variable {
            Variable::Said => self.name_mistakes(of),
            Variable::Repair => Shown::Text(Cow::Owned(self.repair_mistakes(of))),
            Variable::Outlook => Shown::Word(self.facts.word(scale.outlooks[self.outlook])),
            Variable::Verdict => Shown::Word(self.facts.word(of.verdict)),
            Variable::Wrong => Shown::Truth(!of.mistakes.is_empty()),
            Variable::Plan(action) => Shown::Truth(action.is_some_and(|action| of.plan.contains(&action))),
            Variable::Step(place) => Shown::Text(Cow::Borrowed(&of.step[*place])),
            Variable::Is(which) => Shown::Truth(self.which(which, of).is_some()),
            Variable::Of(field) => self.field(field, of),
            Variable::Trait(place, name) => match of.mistakes.first() {
                None => Shown::Unknown(name),
                Some(&mistake) => {
                    let kind = self.facts.kind(mistake);
                    Shown::Word(self.facts.word(place.map_or(kind.name, |place| kind.traits[place])))
                }
            },
        }
    }

    fn which(&self, which: &Which, of: &Occurrence) -> Option<usize> {
        match which {
            Which::Worst => of.mistakes.first().copied(),
            Which::First(kind) => of.mistakes.iter().copied().find(|&mistake| self.facts.kinds[mistake] == *kind),
            Which::Fullest(kind) => {
                let given = self.facts.of_kind[*kind].iter().copied().filter(|&fact| fact < self.facts.given);
                given.min_by_key(|&fact| self.facts.unknown(fact))
            }
        }
    }

    fn field<'m>(&'m self, field: &'m OfField, of: &Occurrence) -> Shown<'m> {
        let unknown = Shown::Unknown(&field.name);
        let Some(fact) = self.which(&field.source, of) else { return unknown };
        if field.assumes && !self.facts.says(fact, field.column) {
            return unknown;
        }
        match self.facts.value(fact, field.column) {
            Value::Unknown => unknown,
            Value::Truth(truth) => Shown::Truth(truth),
            Value::Whole(whole) => Shown::Whole(whole),
            Value::Number(number) => Shown::Number(number),
            Value::Word(word) if field.text => match self.quote(self.facts.word(word)) {
                quoted if quoted.is_empty() => unknown,
                quoted => Shown::Text(Cow::Owned(quoted)),
            },
            Value::Word(word) if field.unsaid == Some(word) => unknown,
            Value::Word(word) => Shown::Word(self.facts.word(word)),
            Value::Set(set) => Shown::Set(self.facts.set(set)),
        }
    }

    /// The mistakes that an action is for, in words: the worst two, since more of them is a confession.
    fn name_mistakes(&self, of: &Occurrence) -> Shown<'_> {
        let said =
            |mistake: &usize| self.of_kind(self.facts.kind(*mistake).said, *mistake).trim_matches([' ', '.']).replace(' ', GLUE);
        let names = different(of.mistakes.iter().map(said));
        if names.is_empty() {
            return Shown::Unknown("what_happened");
        }
        Shown::Text(Cow::Owned(names.join(&format!("{GLUE}and{GLUE}"))))
    }

    fn repair_mistakes(&self, of: &Occurrence) -> String {
        different(of.mistakes.iter().map(|&mistake| self.of_kind(self.facts.kind(mistake).repair, mistake))).join(" ")
    }

    /// Text of a fact on one line, of limited length, without ends of sentences.
    fn quote(&self, text: &str) -> String {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        if !text.chars().all(is_plain) {
            self.leave(); // Python knows which characters are printed
        }
        let letters: Vec<char> = text.chars().collect();
        let shown: String = letters[..letters.len().min(QUOTED_LENGTH + 1)].iter().collect();
        let mut short = shown.clone();
        if shown.matches(' ').count() >= QUOTED_WORDS {
            short = shown.split(' ').take(QUOTED_WORDS).collect::<Vec<_>>().join(" ");
        }
        if short.chars().count() > QUOTED_LENGTH {
            let cut: String = short.chars().take(QUOTED_LENGTH).collect();
            short = match cut.rfind(' ') {
                Some(place) if place > 0 => cut[..place].into(),
                _ => cut,
            };
        }
        let cut = short.len() < shown.len() || letters.len() > QUOTED_LENGTH;
        let short = short.trim_end_matches([' ', '.', ',', ';', ':']);
        if cut && !short.is_empty() { format!("{short}…") } else { short.into() }.replace(' ', GLUE)
    }
}

/// The first texts that say something, equal ones once.
fn different(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = vec![];
    for text in texts {
        if !text.is_empty() && !found.contains(&text) {
            found.push(text);
            if found.len() == NAMED_MISTAKES {
                break;
            }
        }
    }
    found
}

/// Whether a character is surely printed as it is.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{c0}'..='\u{17f}' | '–' | '—' | '‘' | '’' | '“' | '”' | '…' | '€')
}

pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().to_string() + letters.as_str())
}
