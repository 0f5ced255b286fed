//! A slice of misstep: bytes of a record in, reasons of some rules as JSON out.
mod facts;
mod program;
mod reasons;
mod run;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A program, as JSON of what `misstep.evaluate.export` gives.
#[pyclass(frozen)]
struct Slice {
    program: program::Program,
}

#[pymethods]
impl Slice {
    #[new]
    fn new(program: &[u8]) -> PyResult<Slice> {
        match program::Program::load(program) {
            Ok(program) => Ok(Slice { program }),
            Err(error) => Err(PyValueError::new_err(error.to_string())),
        }
    }

    /// The reasons of each mistake of a record; None where Python has to say what the record is.
    fn reasons<'py>(&self, python: Python<'py>, record: &[u8]) -> Option<Bound<'py, PyBytes>> {
        let read = facts::Facts::read(&self.program, record)?;
        let run = run::Run::conclude(&self.program, read)?;
        Some(PyBytes::new(python, &reasons::reasons(&run)))
    }
}

#[pymodule]
fn slice_rust(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Slice>()
}
