//! A record as Python has it, as JSON: one way in for all.
use crate::json::Json;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};
use std::borrow::Cow;

/// Of dictionaries and lists in each other; no record needs more.
const DEPTH: usize = 5;

impl Json {
    /// A record as JSON, which is read next; None where it is anything but JSON or plain data: Python has to read it.
    pub fn of_record<'r>(record: &'r Bound<'_, PyAny>) -> Option<Cow<'r, [u8]>> {
        if let Ok(bytes) = record.cast_exact::<PyBytes>() {
            return Some(Cow::Borrowed(bytes.as_bytes()));
        }
        if let Ok(text) = record.cast_exact::<PyString>() {
            return Some(Cow::Borrowed(text.to_str().ok()?.as_bytes()));
        }
        let mut json = Json::default();
        json.value(record, DEPTH)?;
        Some(Cow::Owned(json.into_bytes()))
    }

    fn value(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        if let Ok(text) = value.cast_exact::<PyString>() {
            self.text(text.to_str().ok()?);
        } else if let Ok(truth) = value.cast_exact::<PyBool>() {
            self.truth(truth.is_true());
        } else if value.cast_exact::<PyInt>().is_ok() {
            self.whole(value.extract().ok()?);
        } else if let Ok(number) = value.cast_exact::<PyFloat>() {
            self.number(Some(number.value()).filter(|number| number.is_finite())?);
        } else if value.is_none() {
            self.put("null");
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.put("[");
            for (place, part) in list.iter().enumerate() {
                if place > 0 {
                    self.put(",");
                }
                self.value(&part, deeper)?;
            }
            self.put("]");
        } else {
            self.put("{");
            for (place, (name, part)) in value.cast_exact::<PyDict>().ok()?.iter().enumerate() {
                if place > 0 {
                    self.put(",");
                }
                self.text(name.cast_exact::<PyString>().ok()?.to_str().ok()?).put(":");
                self.value(&part, deeper)?;
            }
            self.put("}");
        }
        Some(())
    }
}
