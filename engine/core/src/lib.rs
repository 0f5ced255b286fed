//! The hot path of misstep: the bytes of a record in, the bytes of its answer out. What is not plainly right is left to Python, which
//! has the words for it; so is what is right and seldom.
mod assembly;
mod drafting;
mod engine;
mod explain;
mod expressions;
mod facts;
mod json;
mod memory;
mod numbers;
mod planning;
mod program;
mod scoring;
mod speech;

use facts::Facts;
use memory::Memory;
use program::Program;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One program, ready for records; safe from many threads.
#[pyclass(frozen)]
struct Core {
    program: Program,
    schema: i64,
}

#[pymethods]
impl Core {
    /// `program`: what `misstep.evaluate.export` gives, as JSON; `schema`: the version of the shape of answers. Raises ValueError
    /// for a form that is not known here.
    #[new]
    fn new(program: &[u8], schema: i64) -> PyResult<Core> {
        match Program::load(program) {
            Ok(program) => Ok(Core { program, schema }),
            Err(error) => Err(PyValueError::new_err(error.to_string())),
        }
    }

    /// The answer to a record without reasons and texts, as JSON; None: Python has to give it.
    fn outline<'py>(&self, python: Python<'py>, record: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        answer(python, || {
            let memory = self.conclude(record)?;
            let plan = memory.make_plan();
            (!memory.is_left()).then(|| memory.outline(&plan, self.schema))
        })
    }

    /// The whole answer to a record, as JSON; None: Python has to give it.
    fn assess_json<'py>(&self, python: Python<'py>, record: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        answer(python, || {
            let mut memory = self.conclude(record)?;
            let plan = memory.make_plan();
            let answer = memory.assemble(&plan, self.schema);
            (!memory.is_left()).then_some(answer)
        })
    }
}

/// Run something without the lock of Python; a panic, which is a fault of the core, becomes a RuntimeError.
fn answer<'py>(python: Python<'py>, run: impl FnOnce() -> Option<Vec<u8>> + Send) -> PyResult<Option<Bound<'py, PyBytes>>> {
    match python.detach(|| catch_unwind(AssertUnwindSafe(run))) {
        Ok(answer) => Ok(answer.map(|bytes| PyBytes::new(python, &bytes))),
        Err(_) => Err(PyRuntimeError::new_err("a fault of the core; it is one that we would like to hear of")),
    }
}

impl Core {
    /// Run all rules on the facts of a record.
    fn conclude(&self, record: &[u8]) -> Option<Memory<'_>> {
        let mut memory = Memory::new(&self.program, Facts::read(&self.program, record)?);
        let phases = &self.program.phases;
        memory.run(&phases.scoring);
        memory.score();
        memory.run(&phases.judging);
        memory.outlook = memory.worst_outlook();
        memory.run(&phases.advising);
        (!memory.is_left()).then_some(memory)
    }
}

#[pymodule]
fn misstep_core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Core>()
}
