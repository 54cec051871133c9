//! Whose things a list holds: the one place where a data scope becomes a condition of a statement.

use std::collections::BTreeSet;

use sqlx::QueryBuilder;

use super::db::on;
use super::{Error, Store};
use crate::access::{Reach, Within};

/// What is listed, and looked at one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// `calls c`.
    Call,
    /// `callbacks b`.
    Callback,
    /// `tickets`.
    Ticket,
    /// `customers c`.
    Customer,
    /// `audit_cases k`.
    Case,
    /// `notices n`.
    Notice,
}

/// Conditions of a thing; `{}` stands for the list of names. Empty: that kind of name reaches none.
struct Conditions {
    table: &'static str,
    id: &'static str,
    people: &'static str,
    departments: &'static str,
    packs: &'static str,
}

impl Thing {
    const fn conditions(self) -> Conditions {
        match self {
            Thing::Call => Conditions {
                table: "calls c",
                id: "c.id",
                // Who was rung and answered, or began it.
                people: "c.begun_by IN {} OR EXISTS (SELECT 1 FROM legs l WHERE l.call_id = c.id \
                         AND l.answered_at IS NOT NULL AND l.agent IN {})",
                departments: "EXISTS (SELECT 1 FROM ticket_calls tc JOIN ticket_departments td \
                              ON td.ticket_id = tc.ticket_id WHERE tc.call_id = c.id AND td.department IN {}) \
                              OR EXISTS (SELECT 1 FROM callbacks cb JOIN ticket_callbacks tb ON tb.callback_id = cb.id \
                              JOIN ticket_departments td ON td.ticket_id = tb.ticket_id \
                              WHERE cb.call_id = c.id AND td.department IN {})",
                packs: "EXISTS (SELECT 1 FROM entries e JOIN callbacks cb ON cb.id = e.callback_id \
                        WHERE e.id = c.entry_id AND cb.pack IN {}) \
                        OR EXISTS (SELECT 1 FROM callbacks cb WHERE cb.id = c.callback_id AND cb.pack IN {}) \
                        OR EXISTS (SELECT 1 FROM ticket_calls tc JOIN tickets t ON t.id = tc.ticket_id \
                        WHERE tc.call_id = c.id AND t.pack IN {})",
            },
            Thing::Callback => Conditions {
                table: "callbacks b",
                id: "b.id",
                people: "b.assignee IN {} OR b.preview_by IN {} OR EXISTS (SELECT 1 FROM legs l \
                         WHERE l.call_id = b.call_id AND l.answered_at IS NOT NULL AND l.agent IN {})",
                departments: "EXISTS (SELECT 1 FROM ticket_callbacks tb JOIN ticket_departments td \
                              ON td.ticket_id = tb.ticket_id WHERE tb.callback_id = b.id AND td.department IN {})",
                packs: "b.pack IN {}",
            },
            Thing::Ticket => Conditions {
                table: "tickets",
                id: "tickets.id",
                people: "tickets.owner IN {} OR EXISTS (SELECT 1 FROM ticket_calls tc JOIN legs l ON l.call_id = tc.call_id \
                         WHERE tc.ticket_id = tickets.id AND l.answered_at IS NOT NULL AND l.agent IN {})",
                departments: "EXISTS (SELECT 1 FROM ticket_departments td WHERE td.ticket_id = tickets.id \
                              AND td.department IN {})",
                packs: "tickets.pack IN {}",
            },
            Thing::Customer => Conditions {
                table: "customers c",
                id: "c.id",
                people: "c.owner IN {} \
                         OR EXISTS (SELECT 1 FROM callbacks cb WHERE cb.customer_id = c.id AND cb.assignee IN {}) \
                         OR EXISTS (SELECT 1 FROM tickets t WHERE t.customer_id = c.id AND t.owner IN {}) \
                         OR EXISTS (SELECT 1 FROM customer_phones h JOIN calls k ON k.phone = h.phone \
                            JOIN legs l ON l.call_id = k.id WHERE h.customer_id = c.id AND h.valid_to IS NULL \
                            AND l.answered_at IS NOT NULL AND l.agent IN {})",
                departments: "EXISTS (SELECT 1 FROM tickets t JOIN ticket_departments td ON td.ticket_id = t.id \
                              WHERE t.customer_id = c.id AND td.department IN {})",
                packs: "c.pack IN {}",
            },
            Thing::Case => Conditions {
                table: "audit_cases k",
                id: "k.id",
                people: "k.agent IN {} OR k.auditor IN {}",
                departments: "",
                packs: "",
            },
            Thing::Notice => Conditions {
                table: "notices n",
                id: "n.id",
                people: "n.recipient IN {}",
                departments: "n.recipient IN {}",
                packs: "n.pack IN {}",
            },
        }
    }
}

/// Appends ` AND (...)`: only what is reached.
pub(super) fn push_reach<'a, D: sqlx::Database>(query: &mut QueryBuilder<D>, thing: Thing, reach: &Reach)
where
    String: sqlx::Encode<'a, D> + sqlx::Type<D>,
{
    let Reach::Within(within) = reach else { return };
    query.push(" AND (");
    push_within(query, &thing.conditions(), within);
    query.push(")");
}

fn push_within<'a, D: sqlx::Database>(query: &mut QueryBuilder<D>, of: &Conditions, within: &Within)
where
    String: sqlx::Encode<'a, D> + sqlx::Type<D>,
{
    let parts =
        [(of.people, &within.people), (of.departments, &within.departments), (of.packs, &within.packs)];
    let mut some = false;
    for (condition, names) in
        parts.into_iter().filter(|(condition, names)| !condition.is_empty() && !names.is_empty())
    {
        query.push(if some { " OR " } else { "" });
        some = true;
        for (place, text) in condition.split("{}").enumerate() {
            if place > 0 {
                push_names(query, names);
            }
            query.push(text);
        }
    }
    if !some {
        query.push("1 = 0");
    }
}

fn push_names<'a, D: sqlx::Database>(query: &mut QueryBuilder<D>, names: &BTreeSet<String>)
where
    String: sqlx::Encode<'a, D> + sqlx::Type<D>,
{
    query.push("(");
    let mut list = query.separated(", ");
    for name in names {
        list.push_bind(name.clone());
    }
    query.push(")");
}

impl Store {
    /// Whether one thing is reached; None: there is no such thing. The id is that of the API.
    pub async fn is_reached(&self, thing: Thing, id: &str, reach: &Reach) -> Result<Option<bool>, Error> {
        let of = thing.conditions();
        let by_number = thing != Thing::Call;
        let Some(number) = (if by_number { id.parse::<i64>().ok() } else { Some(0) }) else {
            return Ok(None);
        };
        macro_rules! finds {
            ($p:expr, $narrowed:expr) => {{
                let mut query = QueryBuilder::new(format!(
                    "SELECT CAST(1 AS BIGINT) FROM {} WHERE {} = ",
                    of.table, of.id
                ));
                match by_number {
                    true => query.push_bind(number),
                    false => query.push_bind(id.to_owned()),
                };
                if $narrowed {
                    push_reach(&mut query, thing, reach);
                }
                query.build_query_as::<(i64,)>().fetch_optional($p).await
            }};
        }
        if on!(&self.db, p => finds!(p, true))?.is_some() {
            return Ok(Some(true));
        }
        let exists = on!(&self.db, p => finds!(p, false))?.is_some();
        Ok(exists.then_some(false))
    }
}
