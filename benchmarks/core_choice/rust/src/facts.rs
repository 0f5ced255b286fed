//! The bytes of a record in, its facts out; None where Python has to read it: what is wrong, and what is right but seldom.
use crate::program::{Field, Form, Kind, Program, Value};
use jiter::{Jiter, NumberAny, NumberInt, Peek};
use std::cmp::Ordering;

const MAX_FACTS: usize = 1_000;
const MAX_ID: usize = 200;
const MAX_TEXT: usize = 10_000;

/// The facts of a record, one after the other, columns of all in one list; and by kind, in the order of their ids.
pub struct Facts<'p> {
    program: &'p Program,
    pub kinds: Vec<usize>,
    pub ids: Vec<u32>,
    offsets: Vec<usize>,
    values: Vec<Value>,
    said: Vec<bool>,
    texts: Vec<String>,
    sets: Vec<Vec<u32>>,
    pub of_kind: Vec<Vec<usize>>,
}

const NO_ID: u32 = u32::MAX;

impl<'p> Facts<'p> {
    pub fn read(program: &'p Program, data: &[u8]) -> Option<Facts<'p>> {
        let mut facts = Facts {
            program,
            kinds: vec![],
            ids: vec![],
            offsets: vec![],
            values: vec![],
            said: vec![],
            texts: vec![],
            sets: vec![],
            of_kind: vec![vec![]; program.kinds.len()],
        };
        let mut json = Jiter::new(data);
        facts.record(&mut json)?;
        json.finish().ok()?;
        facts.complete()?;
        Some(facts)
    }

    pub fn value(&self, fact: usize, column: usize) -> Value {
        self.values[self.offsets[fact] + column]
    }

    /// Whether the record states a field of a fact.
    pub fn says(&self, fact: usize, column: usize) -> bool {
        self.said[self.offsets[fact] + column]
    }

    pub fn kind(&self, fact: usize) -> &'p Kind {
        &self.program.kinds[self.kinds[fact]]
    }

    pub fn word(&self, word: u32) -> &str {
        let words = &self.program.words;
        words
            .get(word as usize)
            .unwrap_or_else(|| &self.texts[word as usize - words.len()])
    }

    pub fn set(&self, set: u32) -> &[u32] {
        let sets = &self.program.sets;
        sets.get(set as usize)
            .unwrap_or_else(|| &self.sets[set as usize - sets.len()])
    }

    pub fn compare(&self, a: Value, b: Value) -> Option<Ordering> {
        match (a, b) {
            (Value::Unknown, Value::Unknown) => Some(Ordering::Equal),
            (Value::Truth(a), Value::Truth(b)) => Some(a.cmp(&b)),
            (Value::Whole(a), Value::Whole(b)) => Some(a.cmp(&b)),
            (Value::Word(a), Value::Word(b)) if a == b => Some(Ordering::Equal),
            (Value::Word(a), Value::Word(b)) => Some(self.word(a).cmp(self.word(b))),
            (Value::Set(a), Value::Set(b)) => Some(
                self.set(a)
                    .iter()
                    .map(|&w| self.word(w))
                    .cmp(self.set(b).iter().map(|&w| self.word(w))),
            ),
            _ => number(a)?.partial_cmp(&number(b)?),
        }
    }

    // -- reading

    fn record(&mut self, json: &mut Jiter) -> Option<()> {
        if json.peek().ok()? == Peek::Array {
            return self.list(json);
        }
        let (mut id, mut list) = (false, false);
        let mut key = json.next_object().ok()?.map(str::to_string);
        while let Some(name) = key {
            match name.as_str() {
                "facts" if !list => {
                    self.list(json)?;
                    list = true;
                }
                "id" if !id => {
                    json.next_str().ok().filter(|id| is_id(id))?;
                    id = true;
                }
                _ => return None,
            }
            key = json.next_key().ok()?.map(str::to_string);
        }
        list.then_some(())
    }

    fn list(&mut self, json: &mut Jiter) -> Option<()> {
        let mut next = json.next_array().ok()?;
        while let Some(Peek::Object) = next {
            if self.kinds.len() == MAX_FACTS {
                return None;
            }
            self.fact(json)?;
            next = json.array_step().ok()?;
        }
        next.is_none().then_some(())
    }

    fn fact(&mut self, json: &mut Jiter) -> Option<()> {
        let program = self.program;
        (json.next_object().ok()? == Some("kind")).then_some(())?; // another order is rare
        let number = *program.kind_of.get(json.next_str().ok()?)?;
        let kind = &program.kinds[number];
        let start = self.add(number);
        let mut id = NO_ID;
        while let Some(name) = json.next_key().ok()? {
            if name == "id" {
                let text = json.next_str().ok().filter(|text| id == NO_ID && is_id(text))?;
                id = self.own(text);
                continue;
            }
            let column = *kind.columns.get(name)?;
            if self.said[start + column] {
                return None;
            }
            self.said[start + column] = true;
            self.values[start + column] = self.read_value(json, &kind.fields[column])?;
        }
        self.ids.push(id);
        let complete = kind
            .fields
            .iter()
            .zip(&self.said[start..])
            .all(|(field, said)| *said || !field.required);
        complete.then_some(())
    }

    /// A new fact, with the defaults of its kind; the place of its values.
    fn add(&mut self, number: usize) -> usize {
        let start = self.values.len();
        self.kinds.push(number);
        self.offsets.push(start);
        self.values
            .extend(self.program.kinds[number].fields.iter().map(|field| field.default));
        self.said.resize(self.values.len(), false);
        start
    }

    fn own(&mut self, text: &str) -> u32 {
        self.program.word_of.get(text).copied().unwrap_or_else(|| {
            self.texts.push(text.to_string());
            (self.program.words.len() + self.texts.len() - 1) as u32
        })
    }

    fn read_value(&mut self, json: &mut Jiter, field: &Field) -> Option<Value> {
        match field.form {
            Form::Boolean => json.next_bool().ok().map(Value::Truth),
            Form::Integer => {
                let NumberInt::Int(whole) = json.next_int().ok()?;
                within(field, exact(whole)?).then_some(Value::Whole(whole))
            }
            Form::Number => {
                let number = match json.next_number().ok()? {
                    NumberAny::Int(NumberInt::Int(whole)) => exact(whole)?,
                    NumberAny::Float(number) => number,
                };
                (number != 0.0 || number.is_sign_positive()).then_some(())?;
                within(field, number).then_some(Value::Number(number))
            }
            Form::Text => {
                let text = json.next_str().ok().filter(|text| text.chars().count() <= MAX_TEXT)?;
                Some(Value::Word(self.own(text)))
            }
            Form::Enum => self.choice(json.next_str().ok()?, field).map(Value::Word),
            Form::Set => {
                let mut set = vec![];
                let mut next = json.next_array().ok()?;
                while next.is_some() {
                    set.push(self.choice(json.next_str().ok()?, field)?);
                    next = json.array_step().ok()?;
                }
                set.sort_by_key(|&word| self.word(word));
                set.dedup();
                self.sets.push(set);
                Some(Value::Set((self.program.sets.len() + self.sets.len() - 1) as u32))
            }
        }
    }

    fn choice(&self, text: &str, field: &Field) -> Option<u32> {
        self.program
            .word_of
            .get(text)
            .copied()
            .filter(|word| field.words.contains(word))
    }

    // -- what the record does not say

    /// Assume settings, give ids, and put the facts of each kind in the order of their ids.
    fn complete(&mut self) -> Option<()> {
        for fact in 0..self.kinds.len() {
            self.of_kind[self.kinds[fact]].push(fact);
        }
        for number in 0..self.of_kind.len() {
            let kind = &self.program.kinds[number];
            if !kind.assumed.is_empty() && self.of_kind[number].is_empty() {
                self.add(number);
                self.ids.push(NO_ID);
                self.of_kind[number].push(self.kinds.len() - 1);
            }
        }
        let mut given: Vec<&str> = self.ids.iter().filter(|id| **id != NO_ID).map(|id| self.word(*id)).collect();
        given.sort_unstable();
        if given.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        for number in 0..self.of_kind.len() {
            let mut rows = std::mem::take(&mut self.of_kind[number]);
            if rows.len() > 1 && self.program.kinds[number].role == "setting" {
                return None;
            }
            self.name(number, &rows);
            rows.sort_by(|a, b| self.word(self.ids[*a]).cmp(self.word(self.ids[*b])));
            self.of_kind[number] = rows;
        }
        Some(())
    }

    /// Give the facts of a kind without an id the first free ones, in the order of their values.
    fn name(&mut self, number: usize, rows: &[usize]) {
        let mut nameless: Vec<usize> = rows.iter().copied().filter(|&fact| self.ids[fact] == NO_ID).collect();
        nameless.sort_by(|&a, &b| self.by_values(a, b));
        let name = &self.program.words[self.program.kinds[number].name as usize];
        let mut free = 0;
        for fact in nameless {
            loop {
                free += 1;
                let id = format!("{name}-{free}");
                if !self.ids.iter().any(|&taken| taken != NO_ID && self.word(taken) == id) {
                    self.ids[fact] = self.own(&id);
                    break;
                }
            }
        }
    }

    fn by_values(&self, a: usize, b: usize) -> Ordering {
        for column in 0..self.kind(a).fields.len() {
            let (x, y) = (self.value(a, column), self.value(b, column));
            let order = match (x, y) {
                (Value::Unknown, Value::Unknown) => Ordering::Equal,
                (Value::Unknown, _) => Ordering::Greater,
                (_, Value::Unknown) => Ordering::Less,
                _ => self.compare(x, y).unwrap_or(Ordering::Equal),
            };
            if order.is_ne() {
                return order;
            }
        }
        self.names(a).cmp(&self.names(b))
    }

    /// The names of the fields that a fact states, sorted.
    fn names(&self, fact: usize) -> Vec<&str> {
        let fields = self.kind(fact).fields.iter().enumerate();
        let mut names: Vec<&str> = fields
            .filter(|(column, _)| self.says(fact, *column))
            .map(|(_, field)| field.name.as_str())
            .collect();
        names.push("kind");
        names.sort_unstable();
        names
    }
}

pub fn number(value: Value) -> Option<f64> {
    match value {
        Value::Whole(whole) => Some(whole as f64),
        Value::Number(number) => Some(number),
        _ => None,
    }
}

/// A whole number as a float, where no other one is the same float.
fn exact(whole: i64) -> Option<f64> {
    (whole.unsigned_abs() <= 1 << 53).then_some(whole as f64)
}

fn within(field: &Field, number: f64) -> bool {
    field.low <= number && number <= field.high
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_ID
}
