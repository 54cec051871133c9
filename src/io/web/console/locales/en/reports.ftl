# Reports, registers, the chain of custody.
reports-all = Reports
reports-registers = Registers
reports-rates = Rates and rules
reports-actions = Actions
reports-chain = Chain of custody
reports-every-day = Each day
reports-every-week = Each week
reports-every-month = Each month
reports-every-quarter = Each quarter
reports-every-year = Each year
reports-state-draft = Draft
reports-state-submitted = Submitted
reports-state-reviewed = Reviewed
reports-state-approved = Approved
reports-step-draft = Made
reports-step-submitted = Submitted
reports-step-reviewed = Reviewed
reports-step-approved = Approved
reports-step-locked = Period locked
reports-log-made = made it
reports-log-submit = submitted it
reports-log-review = reviewed it
reports-log-approve = approved it and locked the period
reports-log-return = gave it back
reports-log-write = wrote into it
reports-make = Make a report
reports-make-do = Make it
reports-make-hint = Any day of its period; one that was made already is opened. A year takes minutes: its progress shows here.
reports-report = Report
reports-day = A day of the period
reports-rows-read = { $n } rows read
reports-made = Made
reports-from = Period begins on or after
reports-count = { $n ->
    [one] 1 report
   *[other] { $n } reports
}
reports-none = No report fits.
reports-period = Period
reports-due = Due
reports-made-at = Made
reports-late = Late
reports-next = Next
reports-last = Last
reports-never = none yet
reports-to = For
reports-actions-open = { $n ->
    [one] 1 open action
   *[other] { $n } open actions
}
reports-search = Title or form number
reports-pack = Policy pack
reports-registers-count = { $n ->
    [one] 1 register
   *[other] { $n } registers
}
reports-registers-none = There is no such register.
reports-columns = { $n ->
    [one] 1 column
   *[other] { $n } columns
}
reports-only-open = Incomplete rows only
reports-rows-count = { $n ->
    [one] 1 row
   *[other] { $n } rows
}
reports-incomplete-count = { $n ->
    [one] 1 incomplete row
   *[other] { $n } incomplete rows
}
reports-root = Chain of custody
reports-register-none = Nothing happened on these days.
reports-missing = to be filled in
reports-overdue = overdue
reports-open = Open
reports-notes = Notes
reports-notes-none = No notes yet.
reports-notes-hint = Notes are added, never changed; a locked period takes none. A complaint opens a ticket.
reports-note-do = Write
reports-remark = Remark
reports-excel = Excel
reports-way = Steps
reports-was-late = It was not submitted in time.
reports-changes = Figures that changed after it was submitted
reports-figure = Figure
reports-kept = As submitted
reports-now = Now
reports-missing-count = { $n } missing
reports-table = As a table
reports-group = Group
reports-bar = Bar
reports-value = Value
reports-of = Counted / all
reports-no-name = (none)
reports-identities = Sums that must come out
reports-required = Required
reports-save = Save
reports-saved = Saved
reports-lacks = Lacks
reports-lacks-texts = { $n ->
    [one] One required text is missing
   *[other] { $n } required texts are missing
}
reports-more = { $n } more
reports-said = Comment
reports-do-submit = Submit
reports-do-review = Reviewed
reports-do-approve = Approve and lock
reports-do-return = Give back
reports-approve-hint = Approving locks the period: its registers take no more notes. Whoever submitted does not approve.
reports-part = Part
reports-part-numerator = Counted
reports-part-rest = Not counted
reports-part-missing = Missing data
reports-record = Record
reports-rows-none = No rows.
reports-actions-lead = What reports decided stays here until it is done.
reports-actions-none = No open actions.
reports-actions-all = With closed ones
reports-actions-only-open = Open ones only
reports-action-open = Open
reports-action-closed = Closed
reports-action-result = What came of it
reports-action-close = Close
reports-chain-lead = Recordings, answers, sheets and accesses are links of one chain. Keep copies of the daily roots elsewhere, and nobody changes anything unseen.
reports-latest-root = Latest root
reports-no-root = No day is over yet.
reports-entries = up to entry { $n }
reports-chain-entries = Entries
reports-chain-waiting = Waiting
reports-chain-erased = Erased, with a trace
reports-check = Files looked at
reports-files = { $n ->
    [one] 1 file
   *[other] { $n } files
}
reports-verify = Verification
reports-verify-do = Verify
reports-verified = All as it was
reports-not-verified = Differences found: { $n }
reports-verified-of = { $entries } entries, { $files } files
reports-verifying = Verifying
reports-verify-step-chain = the chain
reports-verify-step-rows = rows
reports-verify-step-files = files
reports-verify-step-folder = the folder
reports-verify-never = Nothing was verified since the start.
reports-published = Roots kept elsewhere (optional)
reports-roots = Roots of days
reports-roots-all = Download all
reports-day-of = Day
reports-accesses = Accesses
reports-accesses-none = No access fits.
reports-who = Who
reports-what = What
reports-subject = Subject
reports-heard = Heard
reports-access-listen = Listened
reports-access-comment = Heard a comment
reports-access-waveform = Saw the waveform
reports-access-transcript = Read the transcript
reports-access-picture = Saw the picture
reports-access-export = Exported
reports-access-report = Read a report
reports-month = Month
reports-by = Split by a field of customers
reports-rates-lead = All callbacks due in the month, and whether calls kept to the rules.
reports-rate-head = Callback rates
reports-rates-none = No callback was due in this month.
reports-rule = Rule
reports-rate = Rate
reports-in-time = In time
reports-done-late = Done late
reports-unreached = Not reached or refused
reports-still-open = Open
reports-target = Target
reports-adherence = Keeping to the rules
reports-adherence-none = No calls for callbacks in this month.
reports-caller = Caller
reports-calls = Calls
reports-outside = Outside hours
reports-after-deadline = After deadline
reports-overrides = Against a rule
reports-tickets = Tickets
reports-department = Department
reports-breached = Breached
reports-first-contact = Solved at first contact: { $solved } of { $all }
reports-field-name = Name
reports-field-phone = Phone
reports-field-state = State
reports-field-outcome = Outcome
reports-field-rule = Rule
reports-field-rule-title = Rule
reports-field-pack = Pack
reports-field-caller = Caller
reports-field-person = Person
reports-field-department = Department
reports-field-direction = Direction
reports-field-score = Score
reports-field-question = Question
reports-field-answer = Answer
reports-field-month = Month
reports-field-date = Date
reports-field-time = Time
reports-field-kind = Kind
reports-field-kind-title = Kind
reports-field-matter = Order
reports-field-reason = Reason
reports-field-detail = Detail
reports-field-agent = Agent
reports-field-method = Method
reports-field-due = Due
reports-field-deadline = Deadline
reports-field-in-time = In time
reports-field-answered = Answered
reports-field-campaign = Campaign
reports-field-script = Script
reports-field-customer-id = Customer
reports-trouble-chain-broken = Chain broken
reports-trouble-content-altered = Content altered
reports-trouble-content-missing = Content missing
reports-trouble-row-added = Record added behind the chain
reports-trouble-file-missing = File missing
reports-trouble-file-altered = File altered
reports-trouble-file-added = File added
reports-trouble-file-unreadable = File cannot be read
