//! Takes the samples of a profile: the interpreter knows the calls of its task.

use super::Interpreter;
use crate::profile::Sampler;

impl<'h> Interpreter<'h> {
    /// Takes samples for a profile from now on.
    pub(crate) fn sample_with(&mut self, sampler: Sampler<'h>) {
        self.sampler = Some(sampler);
    }

    /// Takes a sample, if one is due. Returns the time, in microseconds, that no sample has counted yet.
    pub(crate) fn sample(&mut self) -> i64 {
        let Some(mut sampler) = self.sampler.take() else { return 0 };
        sampler.sample(|| self.places());
        let rest_us = sampler.rest_us();
        self.sampler = Some(sampler);
        rest_us
    }

    /// Returns the time, in microseconds, that no sample has counted yet.
    pub(crate) fn unsampled_us(&self) -> i64 {
        self.sampler.as_ref().map_or(0, Sampler::rest_us)
    }

    /// Takes a sample of a native that began at the given time and has just ended, if it took long enough.
    #[cold]
    pub(super) fn sample_native(&mut self, began_us: i64) {
        let Some(mut sampler) = self.sampler.take() else { return };
        // The native was the last instruction of its function.
        sampler.sample_part(began_us, || self.addresses());
        self.sampler = Some(sampler);
    }
}
