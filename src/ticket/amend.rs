//! A ticket that is changed by what was found out: fields, lists that grow, stages that are done.

use super::act::Refusal;
use super::changes::Work;
use super::finding::Amendment;
use super::record::Ticket;

/// What separates the items of a list.
const SEPARATORS: [char; 3] = [';', '；', '\n'];

impl Ticket {
    /// How many items a field lists.
    pub(super) fn items(&self, field: &str) -> usize {
        let text = self.field(field).unwrap_or_default();
        text.split(SEPARATORS).filter(|item| !item.trim().is_empty()).count()
    }
}

impl Work<'_> {
    /// Takes over what was found out.
    pub fn amend(&mut self, amendment: &Amendment) -> Result<(), Refusal> {
        let Amendment { word, found_in, fields, adds, reports } = amendment;
        let mut said = vec![format!("{word} in {found_in}")];
        let changed = self.fill(fields)?;
        said.extend(changed.iter().filter_map(|name| Some(format!("{name}: {}", fields.get(name)?))));
        for (list, item) in adds {
            // An item is one, whatever stands in it.
            let item = item.replace(SEPARATORS, ",");
            let whole = match self.out.ticket.field(list) {
                Some(known) => format!("{known}; {item}"),
                None => item.clone(),
            };
            self.fill([(list, &whole)])?;
            said.push(format!("{list} + {item}"));
        }
        self.log("amended", said.join("; "));
        self.pass_stages(reports);
        Ok(())
    }

    /// Stages that are done by what happened. One that is not to be done yet stops the rest: a
    /// person looks at it.
    fn pass_stages(&mut self, stages: &[String]) {
        let handler = self.out.ticket.handler.clone();
        for id in stages {
            let done = |at: usize| self.out.ticket.stages[at].done_at.is_some();
            if self.out.ticket.place(id).is_none_or(done) {
                continue;
            }
            if let Err(refusal) = self.report(id, "done", &Default::default()) {
                self.log("not_reported", format!("{id}: {refusal}"));
                let owner = self.out.ticket.owner.clone();
                let facts = [("stage", id.clone()), ("why", refusal.to_string())];
                self.tell("ticket.not_reported", &owner, id, &facts);
                break;
            }
        }
        // Nobody of ours did it: whoever verifies is independent of it.
        self.out.ticket.handler = handler;
        self.when_all_is_done();
    }

    /// Counts the items of lists anew.
    pub fn count_lists(&mut self) {
        for (list, count) in self.kind().lists {
            if self.out.ticket.field(&list).is_some() {
                let items = self.out.ticket.items(&list).to_string();
                self.out.ticket.fields.insert(count, items);
            }
        }
    }
}
