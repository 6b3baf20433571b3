//! Makes the plan of a seed.

use crate::events::{DEPOT, Delivery, Kind};
use crate::plan::{Act, Apply, HOLDER, Hold, MAINTAIN, Plan, Round, Step, Then, WRITERS};
use crate::records::random::Random;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The suppliers that share products.
const SUPPLIERS: [&str; 3] = [DEPOT, "acme", "beta"];

/// The products that everybody sends events about, all the time.
pub(crate) const HOT: [&str; 3] = ["hot 0", "hot 1", "hot 2"];

/// The number of products that are changed now and then.
const WARM: usize = 8;

/// The number of new products in a round.
const NEW: usize = 5;

/// The days in which a supplier gives an id to one event only. An id that comes again with another time after its row was
/// pruned is a new event: nobody remembers it.
const IDS_LAST: i64 = 4 * DAY;

/// The time before the history's beginning of which a rebuilt archive has events.
const ARCHIVE: i64 = 100 * DAY;

/// The hours that pass after a round: now and then more than the ledger and the changes remember.
const HOURS: [i64; 5] = [1, 7, 30, 75, 9 * 24];

/// Tables that are locked, and how. Batches stop in the middle: those that describe something between reading the floor
/// and the ledger, others before they write. Pruning stops between the ledger and its floor.
const TABLES: [(&str, &str); 8] = [
    ("description", "access exclusive"),
    ("description", "access exclusive"),
    ("ledger_floor", "exclusive"),
    ("ledger_floor", "exclusive"),
    ("ledger", "exclusive"),
    ("offer", "exclusive"),
    ("change", "exclusive"),
    ("pending_refresh", "exclusive"),
];

struct Planner {
    random: Random,
    steps: usize,
    /// Every batch so far.
    batches: Vec<Vec<Delivery>>,
    rounds: Vec<Round>,
    /// A session locks in another order than batches do.
    crosswise: bool,
}

impl Plan {
    /// Makes the plan of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9) ^ 0x5704e);
        let (late, linger) = (2 + number(&mut random, 10), number(&mut random, 80));
        let (rebuilds, crosswise) = (random.below(3) == 0, random.below(3) == 0);
        let mut planner = Planner { random, steps: 0, batches: Vec::new(), rounds: Vec::new(), crosswise };
        planner.stock_up();
        if rebuilds {
            planner.rebuild();
        }
        planner.live();
        Self { seed, late, linger, rounds: planner.rounds }
    }
}

impl Planner {
    /// Counts every hot product once, before everything else: each begins above its limit.
    fn stock_up(&mut self) {
        let time = -ARCHIVE - DAY;
        let first = |sku: &&str| Delivery {
            supplier: DEPOT,
            sku: (*sku).to_owned(),
            kind: Kind::StockedUp,
            id: "first".to_owned(),
            time,
            arrived: time,
        };
        let events = HOT.iter().map(first).collect();
        let step = self.step(0, Act::Apply(Apply { events, dies_after: None, then: Then::Nothing }));
        self.rounds.push(Round { now: 0, is_rebuild: true, steps: vec![step], hours: 0 });
    }

    /// Applies an archive, in the order of arrival, while `maintain` goes on.
    fn rebuild(&mut self) {
        let mut arrived = -ARCHIVE;
        for hours in [2, 3] {
            let mut steps = Vec::new();
            for session in 0..WRITERS {
                for _ in 0..5 {
                    arrived += DAY * 2;
                    let events = self.new_events(arrived, hours);
                    let act = self.apply(events);
                    steps.push(self.step(session, act));
                }
            }
            steps.extend(self.maintain());
            self.rounds.push(Round { now: self.now(), is_rebuild: true, steps, hours });
        }
    }

    fn live(&mut self) {
        let rounds = 4 + self.random.below(2);
        // At least once more time passes than the ledger remembers.
        let long = self.random.below(rounds - 1);
        for round in 0..rounds {
            let now = self.now();
            let after_long = round == long + 1;
            let mut steps = Vec::new();
            for session in 0..WRITERS {
                for _ in 0..4 + self.random.below(3) {
                    let events = self.batch(now, after_long, &steps);
                    let act = self.apply(events);
                    steps.push(self.step(session, act));
                }
            }
            steps.extend(self.maintain());
            steps.extend(self.holds(now / HOUR));
            let hours = if round == long { HOURS[4] } else { HOURS[self.random.below(HOURS.len())] };
            self.rounds.push(Round { now, is_rebuild: false, steps, hours });
        }
    }

    /// Returns the time of the next round.
    fn now(&self) -> i64 {
        self.rounds.iter().map(|round| round.hours * HOUR).sum()
    }

    /// Makes a batch: new events, one of this round that is still running or was just done, or old ones.
    fn batch(&mut self, now: i64, replays: bool, steps: &[Step]) -> Vec<Delivery> {
        let old = if replays { 70 } else { 25 };
        match self.random.below(100) {
            chance if chance < old && !self.batches.is_empty() => self.recut(),
            chance if chance < old + 10 && !steps.is_empty() => {
                let running: Vec<&Apply> = steps.iter().filter_map(Step::batch).collect();
                running[self.random.below(running.len())].events.clone()
            }
            _ => self.new_events(now, now / HOUR),
        }
    }

    /// Cuts old batches anew.
    fn recut(&mut self) -> Vec<Delivery> {
        let (one, other) = (self.random.below(self.batches.len()), self.random.below(self.batches.len()));
        let (one, other) = (&self.batches[one], &self.batches[other]);
        match self.random.below(3) {
            0 => one.clone(),
            1 => [&one[one.len() / 2..], &other[..other.len() / 2]].concat(),
            _ => [&other[..], &one[..]].concat(),
        }
    }

    fn new_events(&mut self, now: i64, round: i64) -> Vec<Delivery> {
        let events: Vec<Delivery> = (0..=self.random.below(12)).map(|_| self.event(now, round)).collect();
        self.batches.push(events.clone());
        events
    }

    fn event(&mut self, now: i64, round: i64) -> Delivery {
        let random = &mut self.random;
        let supplier = SUPPLIERS[random.below(SUPPLIERS.len())];
        let sku = match random.below(20) {
            0..10 => HOT[random.below(HOT.len())].to_owned(),
            10..14 => format!("warm {}", random.below(WARM)),
            // Several sessions create these at once.
            14..18 => format!("new {round}-{}", random.below(NEW)),
            _ => format!("once {}", random.next() % 1_000_000),
        };
        let (kind, ids) = match random.below(20) {
            0..11 => (Kind::Adjusted, 30),
            11..14 => (Kind::Counted, 6),
            14..17 => (Kind::Priced, 6),
            _ => (Kind::Described, 4),
        };
        let id = format!("{}-{}", now.div_euclid(IDS_LAST), random.below(ids));
        // In few steps, so that times are equal now and then.
        let late = match random.below(10) {
            0..6 => i64::try_from(random.below(10)).expect("small") * 60,
            6..8 => i64::try_from(random.below(40)).expect("small") * HOUR / 2,
            _ => i64::try_from(random.below(160)).expect("small") * HOUR,
        };
        Delivery { supplier, sku, kind, id, time: now - late, arrived: now }
    }

    fn apply(&mut self, events: Vec<Delivery>) -> Act {
        let random = &mut self.random;
        let dies_after = (random.below(8) == 0).then(|| 1 + number(random, 60));
        let then = match random.below(10) {
            0..4 => Then::AddPending(number(random, 60)),
            4..6 => Then::Settle,
            _ => Then::Nothing,
        };
        Act::Apply(Apply { events, dies_after, then })
    }

    fn maintain(&mut self) -> Vec<Step> {
        let mut acts = Vec::new();
        for _ in 0..4 {
            let random = &mut self.random;
            acts.push(Act::Prune(1 + integer(random, 60)));
            acts.push(Act::Drain(1 + integer(random, 20), number(random, 30)));
            acts.push(Act::PruneChanges(1 + integer(random, 60)));
            acts.push(Act::TellCrossings(number(random, 20)));
        }
        let random = &mut self.random;
        for at in (1..acts.len()).rev() {
            acts.swap(at, random.below(at + 1));
        }
        acts.into_iter().map(|act| self.step(MAINTAIN, act)).collect()
    }

    fn holds(&mut self, round: i64) -> Vec<Step> {
        // First, before others have created them: who creates some of them stops in the middle.
        let skus = (NEW / 2..NEW).map(|number| format!("new {round}-{number}")).collect();
        let mut holds = vec![Hold::Creates { skus, milliseconds: 60 + number(&mut self.random, 60) }];
        for _ in 0..4 + self.random.below(4) {
            holds.push(self.hold());
        }
        if self.crosswise {
            // Not two in one round: a transaction gives way three times in a row at most.
            let random = &mut self.random;
            let (first, second) = (HOT[1 + random.below(2)].to_owned(), HOT[0].to_owned());
            holds.push(Hold::Crosswise { first, second, milliseconds: 5 + number(random, 35) });
        }
        holds.into_iter().map(|hold| self.step(HOLDER, Act::Hold(hold))).collect()
    }

    fn hold(&mut self) -> Hold {
        let random = &mut self.random;
        let milliseconds = 5 + number(random, 35);
        match random.below(8) {
            0 | 1 => {
                let skus = HOT.iter().filter(|_| random.below(2) == 0).map(|sku| (*sku).to_owned()).collect();
                Hold::Products { skus, milliseconds }
            }
            2 => Hold::Pending { milliseconds },
            _ => {
                let (name, mode) = TABLES[random.below(TABLES.len())];
                Hold::Table { name, mode, milliseconds }
            }
        }
    }

    fn step(&mut self, session: usize, act: Act) -> Step {
        self.steps += 1;
        Step { number: self.steps, session, pause: number(&mut self.random, 25), act }
    }
}

fn number(random: &mut Random, below: usize) -> u64 {
    u64::try_from(random.below(below)).expect("small")
}

fn integer(random: &mut Random, below: usize) -> i64 {
    i64::try_from(random.below(below)).expect("small")
}

#[test]
fn a_seed_is_always_the_same_plan_and_seeds_have_everything() {
    assert_eq!(Plan::of(7), Plan::of(7));
    assert_ne!(Plan::of(7).rounds, Plan::of(8).rounds);
    let plans: Vec<Plan> = (0..30).map(Plan::of).collect();
    let some = |is: fn(&Plan) -> bool| plans.iter().any(is) && !plans.iter().all(is);
    assert!(some(Plan::has_deadlocks));
    assert!(some(|plan| plan.rounds[1].is_rebuild));
    let all = |is: fn(&Act) -> bool| plans.iter().all(|plan| plan.steps().any(|step| is(&step.act)));
    assert!(all(|act| matches!(act, Act::Apply(Apply { dies_after: Some(_), .. }))));
    assert!(all(|act| matches!(act, Act::Hold(_))));
}
