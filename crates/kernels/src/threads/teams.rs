//! Threads divided into teams, each of which computes something of its own.

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::threads::processors::Processors;

/// Teams of the threads that compute. Within a team, the kernels divide their work among its threads alone.
///
/// Work that comes in a few equal parts is done sooner by a team for each part than by all threads for one part after the
/// other, because threads that share a kernel wait for each other at its end.
#[derive(Debug)]
pub struct Teams(Vec<ThreadPool>);

impl Teams {
    /// At most `most` teams, and each of as many threads: their number is a power of two. It is one team, of the threads
    /// that compute anyway, where the threads cannot be divided so, or where the system starts no more of them.
    ///
    /// These are threads beside those that [`compute_on_this_thread`](crate::compute_on_this_thread) has started, and
    /// bound to the same processors. Either sleeps while the other computes.
    pub fn new(most: usize) -> Self {
        let (threads, processors) = (rayon::current_num_threads(), Processors::of_the_kernels());
        let teams = number_of_teams(threads, most);
        let size = threads / teams;
        let team = |team| {
            let processors = processors.clone();
            let bind = move |i| processors.bind(team * size + i, threads);
            ThreadPoolBuilder::new().num_threads(size).start_handler(bind).build()
        };
        let teams = if teams == 1 { Ok(Vec::new()) } else { (0..teams).map(team).collect() };
        Self(teams.unwrap_or_default())
    }

    /// How many teams there are.
    pub fn number(&self) -> usize {
        self.0.len().max(1)
    }

    /// Calls `work` with the number of each team, on a thread of that team, and returns what each call gives.
    pub fn each<T: Send>(&self, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        if self.0.is_empty() {
            return vec![work(0)];
        }
        let mut results: Vec<Option<T>> = self.0.iter().map(|_| None).collect();
        start(&self.0, &mut results, 0, &work);
        results.into_iter().flatten().collect()
    }
}

/// Starts the work of each team, beginning with this one, and waits until all are done.
fn start<T: Send>(
    teams: &[ThreadPool],
    results: &mut [Option<T>],
    number: usize,
    work: &(impl Fn(usize) -> T + Sync),
) {
    let (Some((team, teams)), Some((result, results))) = (teams.split_first(), results.split_first_mut())
    else {
        return;
    };
    team.in_place_scope(|scope| {
        scope.spawn(move |_| *result = Some(work(number)));
        start(teams, results, number + 1, work);
    });
}

/// The largest power of two up to `most` that divides the threads evenly.
fn number_of_teams(threads: usize, most: usize) -> usize {
    let mut teams = 1;
    while 2 * teams <= most && threads.is_multiple_of(2 * teams) {
        teams *= 2;
    }
    teams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_divided_evenly_or_not_at_all() {
        let cases =
            [(1, 4, 1), (2, 1, 1), (2, 4, 2), (3, 4, 1), (4, 4, 4), (6, 4, 2), (12, 8, 4), (16, 4, 4)];
        for (threads, most, teams) in cases {
            assert_eq!(number_of_teams(threads, most), teams, "{threads} threads, at most {most} teams");
        }
    }

    #[test]
    fn each_team_has_its_share_of_the_threads_and_does_its_own_work() {
        for (threads, most, expected) in [(4, 2, vec![(0, 2), (1, 2)]), (4, 1, vec![(0, 4)])] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| Teams::new(most).each(|team| (team, rayon::current_num_threads())));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn teams_work_at_the_same_time() {
        let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let both_are_here = std::sync::Barrier::new(2);
        pool.install(|| Teams::new(2).each(|_| both_are_here.wait()));
    }
}
