//! Requests to a stream that fails as it is told. Time passes only while all wait.

use std::cell::RefCell;

use super::*;
use crate::failure::FailureKind;
use crate::stream::Place;

fn records(sizes: &[usize]) -> Vec<NewRecord<'static>> {
    let data = |size: usize| -> &'static [u8] { vec![b'x'; size].leak() };
    sizes.iter().map(|size| NewRecord { partition_key: String::new(), data: data(*size) }).collect()
}

fn place(number: usize) -> Place {
    Place { shard: "shardId-000000000000".to_owned(), sequence_number: number.to_string() }
}

fn throttled() -> Put {
    Err("ProvisionedThroughputExceededException".to_owned())
}

fn seconds(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

fn lengths(sizes: &[usize]) -> Vec<usize> {
    let records = records(sizes);
    let indexes: Vec<_> = (0..records.len()).collect();
    let requests: Vec<_> = requests(&indexes, &records).collect();
    assert_eq!(requests.concat(), indexes, "every record once, in order");
    requests.into_iter().map(<[usize]>::len).collect()
}

#[test]
fn requests_are_as_large_as_may_be() {
    assert_eq!(lengths(&[]), [0; 0]);
    assert_eq!(lengths(&[1; 1000]), [500, 500]);
    assert_eq!(lengths(&[1; 1001]), [500, 500, 1]);
    let large = 256 * 1024;
    assert_eq!(lengths(&[large; 41]), [20, 20, 1]);
    assert_eq!(lengths(&[REQUEST_BYTES, 1]), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn only_what_failed_is_put_again() {
    let records = records(&[1, 2, 3, 4]);
    let requests = RefCell::new(Vec::new());
    let put = async |records: &[&NewRecord<'_>]| {
        let sizes: Vec<_> = records.iter().map(|record| record.size()).collect();
        let attempt = requests.borrow().len();
        requests.borrow_mut().push(sizes.clone());
        // Even sizes are throttled twice.
        let result = |size: usize| {
            if size.is_multiple_of(2) && attempt < 2 { throttled() } else { Ok(place(10 * attempt + size)) }
        };
        Ok(sizes.into_iter().map(result).collect())
    };
    let outcomes = put_all(&records, seconds(20), put).await.unwrap();
    assert_eq!(outcomes, [1, 22, 3, 24].map(|number| Ok(place(number))));
    assert_eq!(requests.into_inner(), [vec![1, 2, 3, 4], vec![2, 4], vec![2, 4]]);
}

#[tokio::test(start_paused = true)]
async fn what_the_time_does_not_suffice_for_is_told() {
    let records = records(&[1; 700]);
    let began = Instant::now();
    let attempts = RefCell::new(0);
    let put = async |records: &[&NewRecord<'_>]| {
        *attempts.borrow_mut() += 1;
        let results = records.iter().enumerate().map(|(at, _)| if at == 0 { Ok(place(0)) } else { throttled() });
        Ok(results.collect())
    };
    let outcomes = put_all(&records, seconds(20), put).await.unwrap();
    let placed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(placed > 2 && outcomes.contains(&throttled()), "{placed}");
    assert!(began.elapsed() < Duration::from_secs(20) && began.elapsed() > Duration::from_secs(15));
    assert!((20..60).contains(&*attempts.borrow()), "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_hangs_ends_with_the_time_and_loses_nothing() {
    let records = records(&[1; 501]);
    let put = async |records: &[&NewRecord<'_>]| {
        if records.len() == 1 { std::future::pending().await } else { Ok(vec![Ok(place(1)); records.len()]) }
    };
    let outcomes = put_all(&records, seconds(20), put).await.unwrap();
    assert_eq!(outcomes[..500], vec![Ok(place(1)); 500]);
    assert_eq!(outcomes[500], Err("Timeout".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_is_made_again() {
    let records = records(&[1; 501]);
    let requests = RefCell::new(Vec::new());
    let put = async |records: &[&NewRecord<'_>]| {
        requests.borrow_mut().push(records.len());
        if requests.borrow().len() == 1 {
            Err(PutError::Transient("Unreachable".to_owned()))
        } else {
            Ok(vec![Ok(place(1)); records.len()])
        }
    };
    assert_eq!(put_all(&records, seconds(20), put).await.unwrap(), vec![Ok(place(1)); 501]);
    assert_eq!(requests.into_inner(), [500, 500, 1], "no other request at once after a failed one");

    let put = async |_: &[&NewRecord<'_>]| Err(PutError::Transient("Unreachable".to_owned()));
    let outcomes = put_all(&records, seconds(20), put).await.unwrap();
    assert!(outcomes[..500].iter().all(|outcome| *outcome == Err("Unreachable".to_owned())));
    assert!(outcomes[500].is_err());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_pass_ends_at_once() {
    let put = async |_: &[&NewRecord<'_>]| Err(PutError::Permanent(Failure::new(FailureKind::StreamNotFound, "gone")));
    let failure = put_all(&records(&[1]), seconds(20), put).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::StreamNotFound);
    let put = async |_: &[&NewRecord<'_>]| -> Result<Vec<Put>, PutError> { panic!("no request without a record") };
    assert_eq!(put_all(&[], seconds(20), put).await.unwrap(), []);
}
