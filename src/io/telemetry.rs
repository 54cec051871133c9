//! Counters of the daemon and their Prometheus text (exposition format 0.0.4).
//!
//! Names follow the Prometheus rules: prefix, base units, `_total` on counters. A label
//! never holds a number, a list or a call id; each family is bounded by [`SERIES_LIMIT`].

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Series of one family: 100 trunks or 23 dispositions times two directions fit, a mistake
/// that labels by call does not grow without end. What is beyond is counted as `other`.
pub const SERIES_LIMIT: usize = 200;

/// Upper bounds for set-up and HTTP times, in seconds.
const SHORT: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Upper bounds for lengths of calls, in seconds.
const LONG: &[f64] = &[1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
/// Upper bounds for interarrival jitter, in seconds.
const JITTER: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2];

/// A counter that only grows; clone it once and keep it where it is counted.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// What it stands at.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of one name, told apart by labels.
#[derive(Debug)]
pub struct CounterFamily {
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    series: Mutex<BTreeMap<Vec<String>, Counter>>,
}

impl CounterFamily {
    fn new(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Self {
        CounterFamily { name, help, labels, series: Mutex::default() }
    }

    /// The counter with these label values, in the order of the labels.
    pub fn with(&self, values: &[&str]) -> Counter {
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked for without a key of its own, which would be made for every count; the
        // families that are counted often have few series.
        if let Some((_, counter)) = series.iter().find(|(key, _)| key.iter().eq(values)) {
            return counter.clone();
        }
        let key = match series.len() < SERIES_LIMIT {
            true => values.iter().map(|v| (*v).to_owned()).collect(),
            false => vec!["other".into(); self.labels.len()],
        };
        series.entry(key).or_default().clone()
    }

    fn render(&self, out: &mut String) {
        head(out, self.name, self.help, "counter");
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        if series.is_empty() && self.labels.is_empty() {
            sample(out, self.name, &[], 0.0);
        }
        for (values, counter) in series.iter() {
            let labels: Vec<_> = self.labels.iter().copied().zip(values.iter().map(String::as_str)).collect();
            sample(out, self.name, &labels, counter.get() as f64);
        }
    }
}

/// A distribution with fixed bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    buckets: Vec<AtomicU64>,
    micros: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [f64]) -> Self {
        Histogram {
            bounds,
            buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            micros: AtomicU64::new(0),
        }
    }

    /// Counts one value.
    pub fn observe(&self, value: Duration) {
        let seconds = value.as_secs_f64();
        let place = self.bounds.iter().position(|bound| seconds <= *bound).unwrap_or(self.bounds.len());
        self.buckets[place].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(value.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn render(&self, out: &mut String, name: &str, labels: &[(&str, &str)]) {
        let mut sum = 0;
        for (place, bucket) in self.buckets.iter().enumerate() {
            sum += bucket.load(Ordering::Relaxed);
            let bound = self.bounds.get(place).map_or("+Inf".into(), f64::to_string);
            let mut with_bound = labels.to_vec();
            with_bound.push(("le", &bound));
            sample(out, &format!("{name}_bucket"), &with_bound, sum as f64);
        }
        sample(out, &format!("{name}_sum"), labels, self.micros.load(Ordering::Relaxed) as f64 / 1e6);
        sample(out, &format!("{name}_count"), labels, sum as f64);
    }
}

/// Everything that is counted. One per daemon, shared by `Arc`.
#[derive(Debug)]
pub struct Telemetry {
    /// Ended calls by direction and disposition.
    pub calls: CounterFamily,
    /// INVITE to 200.
    pub call_setup: Histogram,
    /// 200 to BYE.
    pub call_duration: Histogram,
    /// SIP requests by method and direction (`in`, `out`).
    pub sip_messages: CounterFamily,
    /// SIP responses by class (`1xx` to `6xx`) and direction (`in`, `out`).
    pub sip_responses: CounterFamily,
    /// Retransmitted SIP requests and responses that came and were absorbed.
    pub sip_retransmissions: CounterFamily,
    /// SIP messages dropped or refused, by reason (`malformed`, `flood`, `stray`, ...).
    pub sip_dropped: CounterFamily,
    /// SIP connections by what became of them (`accepted`, `refused`, `too_slow`, ...).
    pub sip_connections: CounterFamily,
    /// RTP packets by direction.
    pub rtp_packets: CounterFamily,
    /// RTP packets that did not come.
    pub rtp_lost: CounterFamily,
    /// RTP packets of a third party, and those that the kernel did not take, by reason.
    pub rtp_dropped: CounterFamily,
    /// Ticks of media sessions: `on_time`, `late` by more than 2 ms, `left_out`.
    pub media_ticks: CounterFamily,
    /// Jitter of ended calls.
    pub rtp_jitter: Histogram,
    /// Answers stored.
    pub survey_answers: CounterFamily,
    /// Bytes of finished recordings.
    pub recording_bytes: CounterFamily,
    /// Samples per channel that were lost on the way to the disk.
    pub recording_missing: CounterFamily,
    /// Answered calls without a sound recording, and other alarms, by word.
    pub alarms: CounterFamily,
    /// What was dropped or refused because a queue was full, by queue.
    pub overflow: CounterFamily,
    /// HTTP requests by route, method and status.
    pub http_requests: CounterFamily,
    http_durations: Mutex<BTreeMap<String, Arc<Histogram>>>,
}

impl Default for Telemetry {
    fn default() -> Self {
        let family = CounterFamily::new;
        Telemetry {
            calls: family("ringback_calls_total", "Ended calls.", &["direction", "outcome"]),
            call_setup: Histogram::new(SHORT),
            call_duration: Histogram::new(LONG),
            sip_messages: family("ringback_sip_messages_total", "SIP requests.", &["method", "direction"]),
            sip_responses: family("ringback_sip_responses_total", "SIP responses.", &["class", "direction"]),
            sip_retransmissions: family(
                "ringback_sip_retransmissions_total",
                "Retransmitted SIP messages that came.",
                &[],
            ),
            sip_dropped: family("ringback_sip_dropped_total", "SIP messages dropped.", &["reason"]),
            sip_connections: family("ringback_sip_connections_total", "SIP connections.", &["result"]),
            rtp_packets: family("ringback_rtp_packets_total", "RTP packets.", &["direction"]),
            rtp_lost: family("ringback_rtp_lost_packets_total", "RTP packets that did not come.", &[]),
            rtp_dropped: family("ringback_rtp_dropped_total", "RTP packets dropped.", &["reason"]),
            media_ticks: family("ringback_media_ticks_total", "Ticks of media sessions.", &["result"]),
            rtp_jitter: Histogram::new(JITTER),
            survey_answers: family("ringback_survey_answers_total", "Survey answers stored.", &[]),
            recording_bytes: family("ringback_recording_bytes_total", "Bytes of finished recordings.", &[]),
            recording_missing: family(
                "ringback_recording_missing_samples_total",
                "Samples lost on the way to the disk.",
                &[],
            ),
            alarms: family("ringback_alarms_total", "Alarms raised.", &["alarm"]),
            overflow: family("ringback_overflow_total", "Dropped or refused at a full queue.", &["queue"]),
            http_requests: family(
                "ringback_http_requests_total",
                "HTTP requests.",
                &["route", "method", "status"],
            ),
            http_durations: Mutex::default(),
        }
    }
}

/// What is read from elsewhere at the moment of the scrape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Calls up or being set up.
    pub calls_active: u64,
    /// Free bytes where recordings go.
    pub disk_free_bytes: u64,
    /// Whether each trunk is up.
    pub trunks: Vec<(String, bool)>,
    /// List entries by state.
    pub entries: Vec<(String, i64)>,
    /// Event streams that are open.
    pub streams: u64,
    /// Seconds until each TLS certificate file expires; negative: it has.
    pub certificates: Vec<(String, f64)>,
}

impl Telemetry {
    /// Counts one HTTP request.
    pub fn http(&self, route: &str, method: &str, status: u16, took: Duration) {
        self.http_requests.with(&[route, method, &status.to_string()]).add(1);
        let histogram = {
            let mut all = self.http_durations.lock().unwrap_or_else(PoisonError::into_inner);
            let route = if all.len() < SERIES_LIMIT || all.contains_key(route) { route } else { "other" };
            all.entry(route.to_owned()).or_insert_with(|| Arc::new(Histogram::new(SHORT))).clone()
        };
        histogram.observe(took);
    }

    /// The whole page in exposition format.
    pub fn render(&self, gauges: &Gauges) -> String {
        let mut out = String::with_capacity(16 * 1024);
        head(&mut out, "ringback_build_info", "Version of the program.", "gauge");
        sample(&mut out, "ringback_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        gauge(&mut out, "ringback_calls_active", "Calls up or being set up.", gauges.calls_active as f64);
        gauge(
            &mut out,
            "ringback_disk_free_bytes",
            "Free where recordings go.",
            gauges.disk_free_bytes as f64,
        );
        gauge(&mut out, "ringback_event_streams", "Open event streams.", gauges.streams as f64);
        let name = "ringback_tls_certificate_expiry_seconds";
        head(&mut out, name, "Until the certificate expires.", "gauge");
        for (file, seconds) in &gauges.certificates {
            sample(&mut out, name, &[("file", file)], *seconds);
        }
        head(&mut out, "ringback_trunk_up", "1 where the trunk takes calls.", "gauge");
        for (trunk, up) in &gauges.trunks {
            sample(&mut out, "ringback_trunk_up", &[("trunk", trunk)], f64::from(u8::from(*up)));
        }
        head(&mut out, "ringback_list_entries", "List entries by state.", "gauge");
        for (state, count) in &gauges.entries {
            sample(&mut out, "ringback_list_entries", &[("state", state)], *count as f64);
        }
        for family in [
            &self.calls,
            &self.sip_messages,
            &self.sip_responses,
            &self.sip_retransmissions,
            &self.sip_dropped,
            &self.sip_connections,
            &self.rtp_packets,
            &self.rtp_lost,
            &self.rtp_dropped,
            &self.media_ticks,
            &self.survey_answers,
            &self.recording_bytes,
            &self.recording_missing,
            &self.alarms,
            &self.overflow,
            &self.http_requests,
        ] {
            family.render(&mut out);
        }
        for (name, help, histogram) in [
            ("ringback_call_setup_seconds", "INVITE to 200.", &self.call_setup),
            ("ringback_call_duration_seconds", "200 to BYE.", &self.call_duration),
            ("ringback_rtp_jitter_seconds", "Interarrival jitter of ended calls.", &self.rtp_jitter),
        ] {
            head(&mut out, name, help, "histogram");
            histogram.render(&mut out, name, &[]);
        }
        let name = "ringback_http_request_duration_seconds";
        head(&mut out, name, "Time to the head of the answer.", "histogram");
        let durations = self.http_durations.lock().unwrap_or_else(PoisonError::into_inner);
        for (route, histogram) in durations.iter() {
            histogram.render(&mut out, name, &[("route", route)]);
        }
        out
    }
}

fn head(out: &mut String, name: &str, help: &str, kind: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn gauge(out: &mut String, name: &str, help: &str, value: f64) {
    head(out, name, help, "gauge");
    sample(out, name, &[], value);
}

fn sample(out: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    out.push_str(name);
    for (place, (label, text)) in labels.iter().enumerate() {
        out.push(if place == 0 { '{' } else { ',' });
        let _ = write!(out, "{label}=\"");
        for c in text.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                c => out.push(c),
            }
        }
        out.push('"');
    }
    if !labels.is_empty() {
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_counters_histograms_and_escaped_labels() {
        let telemetry = Telemetry::default();
        telemetry.calls.with(&["outbound", "completed"]).add(3);
        telemetry.call_setup.observe(Duration::from_millis(30));
        telemetry.call_setup.observe(Duration::from_secs(90));
        telemetry.http("/api/v1/calls", "GET", 200, Duration::from_millis(4));
        let gauges = Gauges { trunks: vec![("a\"b\\c\nd".into(), true)], ..Gauges::default() };
        let page = telemetry.render(&gauges);
        for line in [
            "ringback_calls_total{direction=\"outbound\",outcome=\"completed\"} 3",
            "ringback_call_setup_seconds_bucket{le=\"0.025\"} 0",
            "ringback_call_setup_seconds_bucket{le=\"0.1\"} 1",
            "ringback_call_setup_seconds_bucket{le=\"60\"} 1",
            "ringback_call_setup_seconds_bucket{le=\"+Inf\"} 2",
            "ringback_call_setup_seconds_sum 90.03",
            "ringback_call_setup_seconds_count 2",
            "ringback_trunk_up{trunk=\"a\\\"b\\\\c\\nd\"} 1",
            "ringback_http_request_duration_seconds_count{route=\"/api/v1/calls\"} 1",
            "ringback_sip_retransmissions_total 0",
        ] {
            assert!(page.lines().any(|l| l == line), "{line} is not in\n{page}");
        }
    }

    #[test]
    fn each_family_has_one_head_and_every_line_has_a_family() {
        let page = Telemetry::default().render(&Gauges::default());
        let mut seen = std::collections::BTreeSet::new();
        for line in page.lines().filter_map(|l| l.strip_prefix("# TYPE ")) {
            assert!(seen.insert(line.split(' ').next().unwrap()), "{line} twice");
        }
        assert!(seen.iter().all(|name| name.starts_with("ringback_")));
    }

    #[test]
    fn labels_beyond_the_limit_are_counted_as_other() {
        let family = CounterFamily::new("x_total", "x", &["id"]);
        (0..SERIES_LIMIT + 50).for_each(|n| family.with(&[&n.to_string()]).add(1));
        assert!(family.series.lock().unwrap().len() <= SERIES_LIMIT + 1);
        assert_eq!(family.with(&["other"]).get(), 50);
    }
}
