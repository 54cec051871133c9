//! The handlers of `/api/v1`, one file a noun. The permission that a handler needs stands in `security`
//! of its documentation, by which [`permit`](super::permit) lets requests through.

mod accounts;
mod adherence;
pub(super) mod agent_calls;
pub(super) mod agents;
mod answers;
mod archives;
mod audio;
mod audit;
mod audit_cases;
mod audits;
mod bookings;
mod bring_in;
mod calendar;
mod call_in;
mod callback_edits;
pub(super) mod callbacks;
pub(super) mod call_card;
mod call_comments;
pub(super) mod calls;
pub(super) mod campaigns;
mod canaries;
pub(super) mod custody;
mod customer_facts;
mod customer_fields;
mod customers;
mod daemon;
mod do_not_call;
mod entries;
pub(super) mod evidence;
mod facts;
mod forms;
mod health;
mod imports;
mod intakes;
mod legs;
mod lists;
mod live;
mod looks;
pub(super) mod markers;
mod marks;
mod materials;
mod matters;
mod notice_templates;
mod notices;
mod peaks;
mod performance;
pub(super) mod plan;
mod policies;
mod policy_outline;
mod policy_titles;
pub(super) mod progress;
mod promises;
mod prompts;
mod queues;
mod rates;
mod reconciliations;
mod recordings;
mod registers;
mod rehearsals;
pub(super) mod reports;
mod roles;
mod rosters;
mod saved_segments;
mod scores;
mod segments;
mod shifts;
mod stream;
mod surveys;
mod ticket_acts;
mod ticket_files;
pub(super) mod ticket_links;
mod ticket_reports;
pub(super) mod ticket_types;
pub(super) mod tickets;
mod tokens;
pub(super) mod trace;
mod trunk_tests;
mod unmask;
mod warnings;
mod written;

use utoipa_axum::router::OpenApiRouter;

use super::state::Shared;

pub use accounts::{AccountLinkView, AccountPatch, AccountView, NewAccountBody, ResetBody};
pub use agent_calls::{AgentCard, CardOf, DialBody, DialView, agent_card};
pub use agents::{AgentMoved, AgentStateBody};
pub use archives::NewArchiveBody;
pub use audit_cases::{AuditorBody, CaseBody, ExampleBody, SheetSent};
pub use audits::{AuditorView, FreezeBody};
pub use calendar::{CalendarDay, CalendarView, PackWindows};
pub use call_card::CallCard;
pub use call_comments::CallComment;
pub use call_in::CallInView;
pub use callback_edits::{
    AppointmentBody, AssignBody, CallNowBody, DoneBody, FollowUpBody, MoveBody, NoteBody, RemoveBody,
};
pub use callbacks::{CallbackDetail, NewCallbackBody};
pub use calls::CallView;
pub use campaigns::{NewCampaignBody, SettingsBody};
pub use canaries::CanaryStarted;
pub use custody::{CustodyView, VerifyBody};
pub use customer_facts::{Membership, WarrantyView};
pub use customers::{CustomerCard, CustomerPatch, MergeBody};
pub use daemon::{DrainBody, DrainReport, ReloadReport};
pub use do_not_call::{DoNotCallAdded, DoNotCallBody, DoNotCallView};
pub use entries::ReasonBody;
pub use evidence::{EvidenceView, TranscriptBody};
pub use facts::{CheckBody, CustomerBody, EventBody, EventsBody, ItemResult, ItemsReport, PhoneBody};
pub use health::{HealthReport, ReadyReport};
pub use imports::{ImportReport, RowProblem};
pub use intakes::SourceBody;
pub use legs::{ConferenceBody, LegBody, MuteBody, PauseBody, SuperviseBody, TargetBody};
pub use lists::NewListBody;
pub use looks::{ColumnLook, FieldLook, FileLook};
pub use matters::MatterCard;
pub use notice_templates::NoticeTemplate;
pub use notices::{AcknowledgeBody, AnnouncementBody, AnnouncementReport, ChannelView};
pub use plan::{DayFigures, PreviewBody, ReplayBody};
pub use policies::{PolicyBody, PolicyText, PolicyWritten};
pub(super) use policy_outline::Outlines;
pub use policy_outline::{
    ConditionView, IntakeOutline, PolicyCheck, PolicyFinding, PolicyOutline, RuleOutline,
};
pub use policy_titles::{PolicyTitles, Titled};
pub use progress::Progress;
pub use prompts::{PromptWritten, RecordBody};
pub use reconciliations::{IntakeWarning, MatterState, MilestoneView};
pub use recordings::{KeepBody, KeepingView, RecordingView, StoredView};
pub use registers::{NotesBody, NotesReport};
pub use rehearsals::RehearsalBody;
pub use reports::{CloseActionBody, NewReportBody, ReportFile, StepBody, WriteBody};
pub use roles::RoleView;
pub use rosters::{DutyView, OnDutyView, PostView, RosterBody, RosterView, SwapBody};
pub use scores::{DecisionBody, ProposalBody};
pub use segments::{SegmentBody, ToCallbacksBody, ToCallbacksReport};
pub use shifts::{LeaveBody, PresenceBody, ShiftBody, ShiftsBody, TeamView, TeamsBody, TurnBody};
pub use ticket_acts::TicketAct;
pub use ticket_links::{DepartmentCallBody, DepartmentCallView, LinkAct, LinkBody, LinkView};
pub use tickets::{NewTicketBody, StageView, TicketDetail};
pub use tokens::{NewTokenBody, NewTokenView, TokenView};
pub use trunk_tests::{TestCallBody, TestCallView};
pub use unmask::Unmasked;
pub use written::{ScriptKey, ScriptNode, ScriptText};

/// Every route below `/api/v1` with its documentation.
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(lists::routes())
        .merge(imports::routes())
        .merge(intakes::routes())
        .merge(looks::routes())
        .merge(facts::routes())
        .merge(customers::routes())
        .merge(segments::routes())
        .merge(saved_segments::routes())
        .merge(matters::routes())
        .merge(bookings::routes())
        .merge(archives::routes())
        .merge(reconciliations::routes())
        .merge(registers::routes())
        .merge(reports::routes())
        .merge(performance::routes())
        .merge(entries::routes())
        .merge(campaigns::routes())
        .merge(plan::routes())
        .merge(policies::routes())
        .merge(rehearsals::routes())
        .merge(policy_outline::routes())
        .merge(calendar::routes())
        .merge(written::routes())
        .merge(callbacks::routes())
        .merge(callback_edits::routes())
        .merge(call_card::routes())
        .merge(marks::routes())
        .merge(forms::routes())
        .merge(materials::routes())
        .merge(scores::routes())
        .merge(rates::routes())
        .merge(adherence::routes())
        .merge(warnings::routes())
        .merge(surveys::routes())
        .merge(notices::routes())
        .merge(notice_templates::routes())
        .merge(rosters::routes())
        .merge(shifts::routes())
        .merge(tickets::routes())
        .merge(ticket_acts::routes())
        .merge(ticket_files::routes())
        .merge(ticket_links::routes())
        .merge(ticket_reports::routes())
        .merge(ticket_types::routes())
        .merge(progress::routes())
        .merge(queues::routes())
        .merge(calls::routes())
        .merge(legs::routes())
        .merge(answers::routes())
        .merge(audio::routes())
        .merge(recordings::routes())
        .merge(markers::routes())
        .merge(call_comments::routes())
        .merge(peaks::routes())
        .merge(evidence::routes())
        .merge(audits::routes())
        .merge(audit_cases::routes())
        .merge(trace::routes())
        .merge(live::routes())
        .merge(agents::routes())
        .merge(agent_calls::routes())
        .merge(do_not_call::routes())
        .merge(roles::routes())
        .merge(tokens::routes())
        .merge(unmask::routes())
        .merge(audit::routes())
        .merge(custody::routes())
        .merge(daemon::routes())
        .merge(accounts::routes())
        .merge(prompts::routes())
        .merge(trunk_tests::routes())
        .merge(canaries::routes())
        .merge(stream::routes())
        .merge(health::routes())
}

/// `/livez` and `/readyz`, the links of departments and the pages of customers, which answer
/// without a token.
pub(super) fn open_routes() -> OpenApiRouter<Shared> {
    health::open_routes().merge(ticket_links::open_routes()).merge(forms::open_routes())
}

/// `/metrics`.
pub(super) fn metrics_routes() -> OpenApiRouter<Shared> {
    health::metrics_routes()
}
