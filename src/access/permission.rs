//! What may be done, each with whose things it touches.

use std::fmt;

/// How far a permission reaches by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// It shows nobody's things: rules, settings, states of colleagues, what is brought in.
    Free,
    /// Things of persons and departments: the data scope of the role narrows lists and single ones.
    Each,
    /// Tables of a whole policy pack: a role of one shop must name its pack.
    Pack,
    /// Tables and streams of the whole house, which cannot be narrowed.
    House,
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $span:ident;)*) => {
        /// What may be done. Routes name one each; roles hold some.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Permission { $($(#[$doc])* $variant,)* }

        impl Permission {
            /// Every permission, in the order of this file.
            pub const ALL: &[Permission] = &[$(Permission::$variant),*];

            /// The word in role files, in the document of the API and in refusals.
            pub const fn as_str(self) -> &'static str {
                match self { $(Permission::$variant => $word),* }
            }

            /// How far it reaches by itself.
            pub const fn span(self) -> Span {
                match self { $(Permission::$variant => Span::$span),* }
            }

            /// What it is for, in words.
            pub fn about(self) -> &'static str {
                // The doc comment is the text, so that there is one.
                match self { $(Permission::$variant => first_line(&[$(stringify!($doc)),*])),* }
            }
        }
    };
}

permissions! {
    /// Read the document of the API and the health report.
    ApiSee = "api.see", Free;
    /// Read rules and what there is to choose from: scripts, prompts, scorecards, forms, policies, roles.
    RulesSee = "rules.see", Free;
    /// Watch the daemon: metrics, trunks.
    DaemonWatch = "daemon.watch", Free;
    /// Stop taking work, read the configuration again.
    DaemonSteer = "daemon.steer", Free;
    /// Write policies.
    PoliciesEdit = "policies.edit", Free;
    /// Make and revoke tokens.
    TokensEdit = "tokens.edit", House;
    /// Make, lock and change accounts of people.
    AccountsEdit = "accounts.edit", House;
    /// Replace prompts by an upload or by telephone.
    PromptsEdit = "prompts.edit", Free;
    /// Place a test call or a canary through one trunk, and override a canary.
    TrunksTest = "trunks.test", Free;
    /// Read the audit log.
    AuditLogSee = "audit_log.see", House;

    /// See whole telephone numbers when asked for with `unmask=true`; each time is logged.
    NumbersWhole = "numbers.whole", Free;
    /// See names of customers.
    NamesWhole = "names.whole", Free;
    /// See name and numbers of one customer once, with a reason; logged.
    NumbersUnmask = "numbers.unmask", Each;

    /// See lists, their entries, imports and campaigns.
    ListsSee = "lists.see", House;
    /// Make lists and import rows.
    ListsImport = "lists.import", House;
    /// Take entries out of a list and put them back.
    ListsChange = "lists.change", House;
    /// Make, start, pause and stop campaigns.
    CampaignsRun = "campaigns.run", House;

    /// See calls, their legs, answers, markers and evidence.
    CallsSee = "calls.see", Each;
    /// Hold, transfer, mute, end a call that is up.
    CallsSteer = "calls.steer", Each;
    /// Listen to a call that is up, whisper, join.
    CallsSupervise = "calls.supervise", Each;
    /// Hear and download recordings and voice comments.
    RecordingsHear = "recordings.hear", Each;
    /// Keep a recording from being deleted.
    RecordingsHold = "recordings.hold", Each;
    /// Lift such a hold; archive and delete recordings by the rules now.
    RecordingsKeep = "recordings.keep", House;
    /// Read the SIP messages of a call.
    TracesSee = "traces.see", Each;
    /// Read transcripts.
    TranscriptsSee = "transcripts.see", Each;
    /// Attach transcripts.
    TranscriptsWrite = "transcripts.write", Each;
    /// See answers of all calls.
    AnswersSee = "answers.see", House;
    /// See findings of all calls.
    FindingsSee = "findings.see", House;

    /// See draws, results, sessions of the audit.
    AuditsSee = "audits.see", House;
    /// Freeze the calls of a month and type in the seed.
    AuditsDraw = "audits.draw", House;
    /// Act for another auditor, see scores before everybody has submitted.
    AuditsLead = "audits.lead", House;
    /// See the list of cases.
    CasesSee = "cases.see", Each;
    /// Give calls to auditors, call sessions.
    CasesAssign = "cases.assign", House;
    /// See a case and its sheets, once they may be seen.
    SheetsSee = "sheets.see", Each;
    /// Score a case of one's own as auditor, keep examples.
    SheetsScore = "sheets.score", Each;
    /// Appeal against a sheet about oneself.
    SheetsAppeal = "sheets.appeal", Each;
    /// Decide appeals.
    AppealsDecide = "appeals.decide", House;
    /// See examples for training.
    ExamplesSee = "examples.see", Free;

    /// See calls that are up, and who talks.
    LiveSee = "live.see", House;
    /// Follow the stream of events.
    EventsStream = "events.stream", House;
    /// Hear at once that a thing has changed which one may see.
    ChangesFollow = "changes.follow", Free;
    /// See agents' states and times, and queues.
    AgentsSee = "agents.see", Free;
    /// See the card of an agent's present call.
    AgentsCard = "agents.card", Each;
    /// Set an agent's state.
    AgentsSteer = "agents.steer", Each;
    /// Have an agent's phone dial, preview callbacks.
    AgentsDial = "agents.dial", Each;
    /// See callers who asked a queue to be called back.
    QueuesSee = "queues.see", House;
    /// Cancel such a wish.
    QueuesSteer = "queues.steer", House;

    /// See the list of numbers that are not called.
    DoNotCallSee = "do_not_call.see", House;
    /// Put a number on it.
    DoNotCallAdd = "do_not_call.add", Free;
    /// Take a number off it.
    DoNotCallRemove = "do_not_call.remove", House;

    /// Read notices to oneself or one's department.
    NoticesSee = "notices.see", Each;
    /// Acknowledge notices, take their files.
    NoticesAnswer = "notices.answer", Each;
    /// Send announcements, try channels.
    NoticesSend = "notices.send", House;

    /// See rosters, shifts, leaves, teams.
    RostersSee = "rosters.see", Free;
    /// Write them.
    RostersEdit = "rosters.edit", House;
    /// Report who is present.
    PresenceReport = "presence.report", Free;

    /// See what came in: intakes, sources, comparisons, visits.
    FactsSee = "facts.see", House;
    /// Bring in events, customers and files.
    FactsBring = "facts.bring", Free;
    /// Write down what the customer said of an event's fields.
    FactsCheck = "facts.check", Free;
    /// Reject slips, withdraw events, undo intakes.
    SlipsReject = "slips.reject", House;
    /// Say which sources are expected.
    FactsSources = "facts.sources", House;
    /// See orders and projects.
    MattersSee = "matters.see", House;

    /// See customers.
    CustomersSee = "customers.see", Each;
    /// Correct customers.
    CustomersEdit = "customers.edit", Each;
    /// Make two records one.
    CustomersMerge = "customers.merge", House;
    /// Take out everything that is known of a customer.
    CustomersExport = "customers.export", Each;
    /// Erase a customer.
    CustomersErase = "customers.erase", Each;
    /// See segments and who is in them.
    SegmentsSee = "segments.see", Pack;
    /// Save and delete segments.
    SegmentsEdit = "segments.edit", House;
    /// See archives.
    ArchivesSee = "archives.see", Pack;
    /// Close a month into an archive.
    ArchivesMake = "archives.make", House;

    /// See the list of a day with its reasons, try policies.
    PlanSee = "plan.see", Pack;
    /// Build and release the list of a day.
    PlanRelease = "plan.release", House;
    /// See what a person should look at.
    WarningsSee = "warnings.see", Pack;
    /// Settle it.
    WarningsSettle = "warnings.settle", House;
    /// See callbacks.
    CallbacksSee = "callbacks.see", Each;
    /// Do a callback that one's role calls for: fill in, agree on a time, close.
    CallbacksCall = "callbacks.call", Each;
    /// Add callbacks by hand.
    CallbacksAdd = "callbacks.add", Free;
    /// Take callbacks out.
    CallbacksRemove = "callbacks.remove", Each;
    /// Give callbacks to others, move them, do those of another role.
    CallbacksAssign = "callbacks.assign", Each;

    /// See tickets.
    TicketsSee = "tickets.see", Each;
    /// Open tickets.
    TicketsOpen = "tickets.open", Free;
    /// Act on tickets, attach files.
    TicketsAnswer = "tickets.answer", Each;
    /// Take the files of tickets.
    TicketsFiles = "tickets.files", Each;
    /// Send a ticket to a department by link or call.
    TicketsLink = "tickets.link", Each;
    /// Act as supervisor of tickets: close unsatisfied ones, enter signatures, write for departments.
    TicketsLead = "tickets.lead", Each;
    /// See reports about tickets, meetings, adherence.
    TicketReportsSee = "ticket_reports.see", House;

    /// See registers.
    RegistersSee = "registers.see", Pack;
    /// Write into registers.
    RegistersWrite = "registers.write", House;
    /// See reports and rates.
    ReportsSee = "reports.see", House;
    /// Begin reports, write their texts, hand them in.
    ReportsWrite = "reports.write", House;
    /// Review reports.
    ReportsReview = "reports.review", House;
    /// Approve reports, which locks their period.
    ReportsApprove = "reports.approve", House;
    /// See people's monthly sheets.
    PerformanceSee = "performance.see", Pack;
    /// Propose points.
    PerformancePropose = "performance.propose", House;
    /// Decide on points.
    PerformanceDecide = "performance.decide", House;
    /// See materials and expenses.
    MaterialsSee = "materials.see", Pack;
    /// Write them down.
    MaterialsWrite = "materials.write", Free;
    /// Approve expenses, excuse materials that do not come back.
    ExpensesApprove = "expenses.approve", House;
}

/// The text of a doc attribute as the compiler prints it: `doc = r" text"`.
fn first_line(docs: &[&'static str]) -> &'static str {
    let text = docs.first().copied().unwrap_or_default();
    let text = text.split_once('=').map_or(text, |(_, text)| text);
    text.trim().trim_start_matches('r').trim_matches('"').trim()
}

impl Permission {
    /// The permission of a word.
    pub fn of(word: &str) -> Option<Permission> {
        Permission::ALL.iter().copied().find(|permission| permission.as_str() == word)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
