//! The list of a day, from the rows of the requirements.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::tests::{CALENDAR, cn, customer, pack};
use super::super::{PolicyRef, manual};
use super::*;
use crate::archive::Customer;
use crate::base::{CallbackId, CustomerId, Disposition, PhoneNumber};
use crate::calendar::Calendar;
use crate::policy::pack::{Method, Pack};
use crate::policy::{Callback, CallbackState, Reason};

const RULES: &str = r#"
    windows = { call = ["10:00-12:00", "15:00-17:00"] }
    calendar = { holidays = 'no_calls', weekends = 'no_calls' }
    [rule.routine]
    title = 't'
    source = 'WIN-01'
    on = { manual = true }
    due = '0d'
    deadline = '0d'
    script = 'survey'
    rates = { '技术员' = 'technician', '导购' = 'guide' }
    scripts = [{ when = [{ field = 'grade', is = ['A'] }], script = 'survey-a' }]
    fallback = 'email'
    caller = { on_behalf_of = '客服部', role = '客服专员' }
    [rule.urgent]
    title = 't'
    source = 'SCH-03'
    on = { manual = true }
    due = '0d'
    deadline = '0d'
    priority = 8
    [rule.verify]
    title = 't'
    source = 'SCH-27'
    purpose = 'verification'
    on = { manual = true }
    due = '0d'
    deadline = '0d'
    merge = 'never'
    [rule.later]
    title = 't'
    source = 'X02'
    on = { manual = true }
    due = '0d'
    deadline = '0d'
    merge = 'defer'
    priority = 2
    [rule.visit]
    title = 't'
    source = 'SCH-32'
    method = 'onsite'
    on = { manual = true }
    due = '0d'
    deadline = '0d'
    [rule.agent]
    title = 't'
    source = 'SCH-06'
    mode = 'agent'
    on = { manual = true }
    due = '0d'
    deadline = '0d'
"#;

/// A day with its callbacks, which a test changes before it asks for the list.
struct Desk {
    pack: Pack,
    calendar: Calendar,
    date: Date,
    now: Timestamp,
    customers: Vec<Customer>,
    callbacks: Vec<Callback>,
    ledgers: BTreeMap<i64, Ledger>,
    numbers: BTreeMap<PhoneNumber, NumberLedger>,
    capacity: Capacity,
}

impl Desk {
    fn new(date: &str) -> Desk {
        Desk {
            pack: pack(RULES),
            calendar: Calendar::parse(CALENDAR).unwrap(),
            date: date.parse().unwrap(),
            now: cn(date),
            customers: Vec::new(),
            callbacks: Vec::new(),
            ledgers: BTreeMap::new(),
            numbers: BTreeMap::new(),
            capacity: Capacity { lines: 2, agents: 1, ..Capacity::default() },
        }
    }

    /// A callback of a rule for a customer, due on the day; its id.
    fn owed(&mut self, rule: &str, who: i64) -> i64 {
        if !self.customers.iter().any(|customer| customer.id == CustomerId(who)) {
            self.customers.push(customer(who));
        }
        let customer = self.customers.iter().find(|customer| customer.id == CustomerId(who)).unwrap();
        let policy = PolicyRef { pack: &self.pack, version: "v1" };
        let mut callback =
            manual(policy, &self.calendar, rule, customer, self.date, "test", self.now).unwrap();
        callback.id = CallbackId(self.callbacks.len() as i64 + 1);
        callback.subject.push_str(&format!("/{}", callback.id));
        self.callbacks.push(callback);
        self.callbacks.len() as i64
    }

    fn owed_until(&mut self, rule: &str, who: i64, deadline: &str) -> i64 {
        let id = self.owed(rule, who);
        self.callbacks[id as usize - 1].deadline = cn(deadline);
        id
    }

    fn number(&mut self, who: i64) -> &mut NumberLedger {
        let phone = self.customers.iter().find(|c| c.id == CustomerId(who)).unwrap().phone().unwrap();
        self.numbers.entry(phone.clone()).or_default()
    }

    fn ledger(&mut self, id: i64) -> &mut Ledger {
        self.ledgers.entry(id).or_default()
    }

    fn customer(&mut self, who: i64) -> &mut Customer {
        self.customers.iter_mut().find(|customer| customer.id == CustomerId(who)).unwrap()
    }

    fn plan_of(&self, reversed: bool) -> DayPlan {
        let mut candidates: Vec<Candidate<'_>> = self
            .callbacks
            .iter()
            .map(|callback| Candidate {
                callback,
                customer: self.customers.iter().find(|c| c.id == callback.customer).unwrap(),
                event: None,
                ledger: self.ledgers.get(&callback.id.0).cloned().unwrap_or_default(),
            })
            .collect();
        if reversed {
            candidates.reverse();
        }
        let policies = BTreeMap::from([("p".to_owned(), PolicyRef { pack: &self.pack, version: "v1" })]);
        day(&Today {
            date: self.date,
            policies: &policies,
            calendar: &self.calendar,
            candidates: &candidates,
            numbers: &self.numbers,
            capacity: self.capacity,
            now: self.now,
        })
    }

    fn plan(&self) -> DayPlan {
        let plan = self.plan_of(false);
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(json, serde_json::to_string(&self.plan_of(true)).unwrap(), "order of candidates");
        assert_eq!(serde_json::from_str::<DayPlan>(&json).unwrap(), plan);
        assert_eq!(plan.rows.len(), self.callbacks.len(), "exactly one verdict for each");
        assert!(plan.identity.holds());
        plan
    }

    /// `id: verdict` of each callback, in the order of their ids.
    fn verdicts(&self) -> Vec<String> {
        let plan = self.plan();
        let mut rows: Vec<&Row> = plan.rows.iter().collect();
        rows.sort_by_key(|row| row.callback);
        rows.iter().map(|row| self.told(&row.verdict)).collect()
    }

    fn told(&self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::Call(call) => format!("call {}", self.calendar.civil(call.start)),
            Verdict::Task { method, .. } => format!("task {}", method.as_str()),
            Verdict::Not { reason, next, .. } => match next {
                Some(next) => format!("{} until {}", reason.code, self.calendar.civil(*next)),
                None => reason.code.clone(),
            },
        }
    }
}

#[test]
fn win_01_holidays_weekends_and_windows() {
    let told = |date: &str, now: &str| {
        let mut desk = Desk::new(date);
        desk.owed("routine", 1);
        desk.now = cn(now);
        desk.verdicts().remove(0)
    };
    assert_eq!(told("2026-10-01", "2026-10-01"), "holiday until 2026-10-08 10:00");
    assert_eq!(told("2026-03-28", "2026-03-28"), "weekend until 2026-03-30 10:00");
    assert_eq!(told("2026-10-10", "2026-10-10"), "call 2026-10-10 10:00", "a Saturday that is worked");
    assert_eq!(told("2026-10-08", "2026-10-08T11:59:59"), "call 2026-10-08 11:59");
    assert_eq!(told("2026-10-08", "2026-10-08T12:00"), "call 2026-10-08 15:00");
    assert_eq!(told("2026-10-08", "2026-10-08T17:00"), "window_closed until 2026-10-09 10:00");
}

#[test]
fn win_04_quiet_and_preferred_hours() {
    let mut desk = Desk::new("2026-03-03");
    for who in 1..=5 {
        desk.owed("routine", who);
    }
    desk.capacity.lines = 9;
    desk.customer(1).quiet_hours = "09:00-11:30".into();
    desk.customer(2).quiet_hours = "00:00-24:00".into();
    desk.customer(3).preferred_hours = "16:00-20:00".into();
    desk.customer(4).preferred_hours = "Wed 16:00-20:00".into();
    desk.customer(5).preferred_hours = "whenever".into();
    let expect = [
        "call 2026-03-03 11:30",
        "quiet_all_day",
        "call 2026-03-03 16:00",
        "window_closed until 2026-03-04 16:00",
        "call 2026-03-03 10:00",
    ];
    assert_eq!(desk.verdicts(), expect);
    assert!(desk.plan().warnings[0].text.starts_with("`whenever` is no window"));
}

#[test]
fn win_04_caps_and_do_not_call() {
    let mut desk = Desk::new("2026-03-05");
    for who in 1..=6 {
        desk.owed("routine", who);
    }
    desk.capacity.lines = 9;
    desk.pack.attempts.caps.hours_24 = 2;
    desk.now = cn("2026-03-05T10:30");
    desk.number(1).do_not_call = true;
    desk.number(2).calls = vec![cn("2026-03-05T10:01"), cn("2026-03-05T10:02")];
    desk.number(3).calls =
        ["2026-03-01T10:00", "2026-03-02T10:00", "2026-03-02T11:00", "2026-03-03T10:00", "2026-03-03T11:00"]
            .map(cn)
            .into();
    desk.number(4).calls = vec![cn("2026-03-04T15:30"), cn("2026-03-04T16:30")];
    desk.number(5).calls = vec![cn("2026-03-05T10:28")];
    desk.number(6).in_call = true;
    let expect = [
        "do_not_call",
        "daily_cap until 2026-03-06 10:00",
        "weekly_cap until 2026-03-09 10:00",
        "call 2026-03-05 15:30",
        "call 2026-03-05 10:33",
        "number_in_call until 2026-03-05 10:30",
    ];
    assert_eq!(desk.verdicts(), expect);
}

#[test]
fn win_04_two_callbacks_to_one_number_become_one_call() {
    let mut desk = Desk::new("2026-03-03");
    desk.owed("routine", 1);
    desk.owed("urgent", 1);
    desk.owed_until("later", 1, "2026-03-10");
    desk.owed("later", 1);
    desk.owed("verify", 1);
    let expect = [
        "merged",
        "call 2026-03-03 10:00",
        "deferred until 2026-03-04 10:00",
        "merged",
        "call 2026-03-03 10:05",
    ];
    assert_eq!(desk.verdicts(), expect);
    let plan = desk.plan();
    assert_eq!(plan.rows[0].verdict.call().unwrap().joins, [CallbackId(1), CallbackId(4)]);
    desk.pack.attempts.merge_same_number_same_day = false;
    let calls = desk.verdicts().iter().filter(|told| told.starts_with("call")).count();
    assert_eq!(calls, 2, "the daily cap holds for planned calls too");
}

#[test]
fn sch_30_a_plan_and_a_routine_callback_are_one_call() {
    let mut desk = Desk::new("2026-03-16");
    desk.owed("routine", 7);
    desk.owed("urgent", 7);
    assert_eq!(desk.verdicts(), ["merged", "call 2026-03-16 10:00"]);
}

#[test]
fn an_open_complaint_stops_surveys_and_not_the_verification() {
    let mut desk = Desk::new("2026-03-03");
    let (routine, verify) = (desk.owed("routine", 1), desk.owed("verify", 1));
    desk.ledger(routine).complaint_open = true;
    desk.ledger(verify).complaint_open = true;
    assert_eq!(desk.verdicts(), ["complaint_open", "call 2026-03-03 10:00"]);
    desk.pack.attempts.suppress_while_complaint_open = false;
    assert_eq!(desk.verdicts(), ["call 2026-03-03 10:00", "call 2026-03-03 10:05"]);
}

#[test]
fn sch_23_sch_33_spent_attempts_become_a_task_of_another_channel() {
    let mut desk = Desk::new("2026-03-03");
    let (with, without) = (desk.owed("routine", 1), desk.owed("urgent", 2));
    let spent = BTreeMap::from([(Disposition::NoAnswer, 3), (Disposition::Congestion, 5)]);
    desk.ledger(with).attempts = spent.clone();
    desk.ledger(without).attempts = spent;
    desk.owed("routine", 3);
    desk.customer(3).contacts.clear();
    assert_eq!(desk.verdicts(), ["task email", "attempts_spent", "task email"]);
}

#[test]
fn imp_10_what_a_person_took_out_stays_out() {
    let mut desk = Desk::new("2026-03-03");
    let id = desk.owed("routine", 1);
    desk.ledger(id).removed = Some("on holiday, said the shop".into());
    desk.owed("routine", 2);
    desk.callbacks[1].state = CallbackState::Waiting;
    desk.callbacks[1].reason = Reason::new("waiting_for", "outstanding.resolved");
    desk.owed("routine", 3);
    desk.callbacks[2].due = cn("2026-03-09");
    desk.owed("visit", 4);
    desk.owed("routine", 5);
    desk.callbacks[4].rule = "removed_rule".into();
    let expect = ["removed", "waiting_for", "not_yet until 2026-03-09 00:00", "task onsite", "rule_gone"];
    assert_eq!(desk.verdicts(), expect);
    let plan = desk.plan();
    assert_eq!((plan.identity.due, plan.identity.open), (4, 4));
    assert_eq!(plan.counts["task"], 1);
}

#[test]
fn a_retry_waits_for_its_time() {
    let mut desk = Desk::new("2026-03-03");
    let (today, tomorrow, evening) =
        (desk.owed("routine", 1), desk.owed("routine", 2), desk.owed("routine", 3));
    desk.ledger(today).next_attempt = Some(cn("2026-03-03T16:20"));
    desk.ledger(tomorrow).next_attempt = Some(cn("2026-03-04T09:00"));
    desk.ledger(evening).next_attempt = Some(cn("2026-03-03T18:20"));
    let expect = [
        "call 2026-03-03 16:20",
        "waiting_retry until 2026-03-04 10:00",
        "waiting_retry until 2026-03-04 10:00",
    ];
    assert_eq!(desk.verdicts(), expect);
}

#[test]
fn rem_03_a_promised_call_is_at_its_time_and_first() {
    let mut desk = Desk::new("2026-03-05");
    desk.capacity.lines = 1;
    for who in 1..=90 {
        desk.owed("urgent", who);
    }
    let promised = desk.owed("routine", 91) as usize - 1;
    desk.callbacks[promised].origin = crate::policy::Origin::Appointment;
    desk.callbacks[promised].due = cn("2026-03-05T15:30");
    desk.callbacks[promised].assignee = "李明".into();
    let plan = desk.plan();
    let call = plan.rows.iter().find(|row| row.customer == CustomerId(91)).unwrap().verdict.call().unwrap();
    let late = call.start.millis_since(cn("2026-03-05T15:30"));
    assert!((0..=desk.capacity.call_millis(Mode::Robot)).contains(&late), "{late} ms late");
    assert_eq!(call.assignee, "李明");
}

#[test]
fn sch_06_cnt_17_a_call_says_by_whom_and_with_which_script() {
    let mut desk = Desk::new("2026-03-03");
    let id = desk.owed("routine", 1);
    desk.customer(1).grade = "A".into();
    desk.customer(1).language = "en".into();
    desk.ledger(id).not_by = "王芳".into();
    let plan = desk.plan();
    let call = plan.rows[0].verdict.call().unwrap();
    assert_eq!((call.script.as_str(), call.language.as_str()), ("survey-a", "en"));
    let said = (call.on_behalf_of.as_str(), call.role.as_str(), call.not_by.as_str(), call.attempt);
    assert_eq!(said, ("客服部", "客服专员", "王芳", 1));
}

#[test]
fn sch_04_sch_35_a_call_names_the_persons_who_are_rated() {
    let mut desk = Desk::new("2026-03-03");
    desk.owed("routine", 1);
    desk.customer(1).fields.insert("technician".into(), "王工".into());
    let plan = desk.plan();
    let rated = &plan.rows[0].verdict.call().unwrap().rated;
    assert_eq!(*rated, BTreeMap::from([("技术员".to_owned(), "王工".to_owned())]));
}

#[test]
fn win_02_the_list_says_what_is_not_reached_and_what_would_help() {
    let mut desk = Desk::new("2026-03-03");
    desk.capacity = Capacity {
        lines: 2,
        agents: 0,
        robot_seconds: 240,
        agent_seconds: 0,
        ring_seconds: 60,
        answer_percent: 50,
    };
    // Two lines make 96 calls of 150 seconds in the morning and as many in the afternoon.
    for who in 1..=300 {
        desk.owed_until("routine", who, if who <= 10 { "2026-03-10" } else { "2026-03-04" });
    }
    let plan = desk.plan();
    assert_eq!((plan.counts["call"], plan.counts["capacity"]), (192, 108));
    let warnings: Vec<&str> = plan.warnings.iter().map(|w| w.text.as_str()).collect();
    let capacity = "108 of 300 will not be reached before 17:00: 4 lines needed instead of 2";
    assert_eq!(warnings, [capacity, "98 deadlines will pass before the call"]);
    assert_eq!(plan.robot_ends, Some(cn("2026-03-03T17:00")));
    let urgent = plan.rows.iter().filter(|row| row.verdict.call().is_some());
    assert!(urgent.clone().all(|row| row.deadline == cn("2026-03-04")), "deadlines first");
    desk.capacity.lines = 4;
    assert!(desk.plan().warnings.is_empty());
    desk.owed("agent", 301);
    let plan = desk.plan();
    let warning = "1 of 1 will not be reached before 17:00: 1 agent needed instead of 0";
    assert_eq!(plan.warnings[0].text, warning);
}

#[test]
fn win_02_as_many_agents_as_are_at_work_reach_so_many() {
    let mut desk = Desk::new("2026-03-03");
    for who in 1..=300 {
        desk.owed("agent", who);
    }
    // One agent makes a call in 137 seconds on the average, and the windows are four hours.
    let reached = |desk: &mut Desk, agents: u32| {
        desk.capacity = Capacity { agents, ..Capacity::default() };
        let plan = desk.plan();
        let warning = plan.warnings.first().map(|w| w.text.clone()).unwrap_or_default();
        (plan.counts.get("capacity").copied().unwrap_or_default(), warning)
    };
    let (left_by_one, warning) = reached(&mut desk, 1);
    assert!(
        left_by_one == 194 && warning.ends_with("3 agents needed instead of 1"),
        "{left_by_one} {warning}"
    );
    let (left_by_none, warning) = reached(&mut desk, 0);
    assert!(
        left_by_none == 300 && warning.ends_with("agents needed instead of 0"),
        "{left_by_none} {warning}"
    );
    assert_eq!(reached(&mut desk, 3), (0, String::new()));
}

#[test]
fn a_big_day_is_planned_in_no_time() {
    let mut desk = Desk::new("2026-03-03");
    let first = desk.owed("routine", 1) as usize - 1;
    let (callback, person) = (desk.callbacks[first].clone(), desk.customers[0].clone());
    desk.customers = (0..5000).map(|at| Customer { id: CustomerId(at), ..person.clone() }).collect();
    for (at, customer) in desk.customers.iter_mut().enumerate() {
        customer.contacts[0].phone = format!("139{at:08}").parse().unwrap();
    }
    let callbacks: Vec<Callback> = (0..5000)
        .map(|at| Callback { id: CallbackId(at), customer: CustomerId(at), ..callback.clone() })
        .collect();
    let candidates: Vec<Candidate<'_>> = callbacks
        .iter()
        .zip(&desk.customers)
        .map(|(callback, customer)| Candidate { callback, customer, event: None, ledger: Ledger::default() })
        .collect();
    let policies = BTreeMap::from([("p".to_owned(), PolicyRef { pack: &desk.pack, version: "v1" })]);
    let plan = day(&Today {
        date: desk.date,
        policies: &policies,
        calendar: &desk.calendar,
        candidates: &candidates,
        numbers: &desk.numbers,
        capacity: Capacity { lines: 100, ..Capacity::default() },
        now: desk.now,
    });
    assert_eq!(plan.counts["call"], 5000);
    assert_eq!(desk.callbacks[0].method, Method::Phone);
}
