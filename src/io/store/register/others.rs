//! Messages, events, customers and nights of rosters as rows of registers.

use super::super::db::on;
use super::super::{Error, Store};
use super::{After, CHUNK};

/// A message that was sent, or given up.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct MessageRecord {
    /// Row id of the delivery.
    pub id: i64,
    /// Row id of the notice.
    pub notice_id: i64,
    /// When it was made; milliseconds since 1970.
    pub at: i64,
    /// Topic.
    pub topic: String,
    /// Whom it is for.
    pub recipient: String,
    /// Address of a customer; empty: it is for people of our own.
    pub address: String,
    /// The record it is about.
    pub subject: String,
    /// Pack.
    pub pack: String,
    /// JSON: what it says.
    pub facts: String,
    /// Channel.
    pub channel: String,
    /// When it arrived.
    pub sent_at: Option<i64>,
    /// When it was given up.
    pub given_up_at: Option<i64>,
    /// Why.
    pub error: String,
    /// When somebody acknowledged it.
    pub acked_at: Option<i64>,
    /// Who.
    pub acked_by: String,
}

/// An event of the archive.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct EventRecord {
    /// Row id.
    pub id: i64,
    /// When it happened; milliseconds since 1970.
    pub at: i64,
    /// Pack.
    pub pack: String,
    /// Kind.
    pub kind: String,
    /// Its key.
    pub external_id: String,
    /// Order, project, vehicle.
    pub matter: String,
    /// JSON: everything else.
    pub fields: String,
    /// When it came in.
    pub received_at: i64,
    /// When it was changed last; null: it is as it came in.
    pub changed_at: Option<i64>,
    /// 1: entered on a later day than it came in.
    pub late: i64,
    /// Customer's name.
    pub name: String,
    /// Customer's number.
    pub phone: String,
    /// JSON: everything else of the customer.
    pub customer_fields: String,
    /// Who collected the slip.
    pub collected_by: String,
    /// Who handed it over.
    pub handed_over_by: String,
    /// Who entered it.
    pub entered_by: String,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct CustomerRecord {
    /// Row id.
    pub id: i64,
    /// When they became known; milliseconds since 1970.
    pub created_at: i64,
    /// Pack.
    pub pack: String,
    /// The company's own key.
    pub external_id: String,
    /// Name.
    pub name: String,
    /// Grade.
    pub grade: String,
    /// Named owner.
    pub owner: String,
    /// E-mail address.
    pub email: String,
    /// Hours in which they prefer to be called.
    pub preferred_hours: String,
    /// Hours in which they must not be called.
    pub quiet_hours: String,
    /// Word of their standing.
    pub standing: String,
    /// JSON: everything else.
    pub fields: String,
    /// Number that is called first.
    pub phone: String,
    /// Tickets that were opened for them.
    pub tickets: i64,
    /// Number of the newest; empty: none.
    pub last_ticket: String,
}

/// A post of a night.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct DutyRecord {
    /// Row id of the roster.
    pub roster_id: i64,
    /// Pack.
    pub pack: String,
    /// The day on whose evening the night begins.
    pub date: String,
    /// Role.
    pub role: String,
    /// Place within the role.
    pub position: i64,
    /// Who.
    pub person: String,
    /// Their number.
    pub phone: String,
    /// Whom they stand in for; empty: nobody.
    pub instead_of: String,
    /// When the month was published; milliseconds since 1970.
    pub published_at: Option<i64>,
}

impl Store {
    /// The next messages.
    pub async fn register_messages(&self, after: &After) -> Result<Vec<MessageRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT d.id, n.id AS notice_id, n.created_at AS at, n.topic, n.recipient, n.address, n.subject, n.pack,
                    n.facts, d.channel, d.sent_at, d.given_up_at, d.error, n.acked_at, n.acked_by
             FROM notices n JOIN notice_deliveries d ON d.notice_id = n.id
             WHERE n.created_at < $3 AND (n.created_at, d.id) > ($1, $2) ORDER BY n.created_at, d.id LIMIT $4")
            .bind(after.at)
            .bind(after.id)
            .bind(after.to)
            .bind(CHUNK)
            .fetch_all(p)
            .await)?)
    }

    /// The next events that were not withdrawn.
    pub async fn register_events(&self, after: &After) -> Result<Vec<EventRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT e.id, e.at, e.pack, e.kind, e.external_id, e.matter, e.fields, e.received_at,
                    j.created_at AS changed_at, e.late, COALESCE(u.name, '') AS name,
                    COALESCE((SELECT n.phone FROM customer_phones n WHERE n.customer_id = u.id AND n.valid_to IS NULL
                              ORDER BY n.position LIMIT 1), '') AS phone,
                    COALESCE(u.fields, '{}') AS customer_fields, COALESCE(i.collected_by, '') AS collected_by,
                    COALESCE(i.handed_over_by, '') AS handed_over_by, COALESCE(i.created_by, '') AS entered_by
             FROM events e LEFT JOIN customers u ON u.id = e.customer_id LEFT JOIN intakes i ON i.id = e.intake_id
             LEFT JOIN intakes j ON j.id = e.changed_in
             WHERE e.at < $3 AND e.withdrawn_at IS NULL AND (e.at, e.id) > ($1, $2) ORDER BY e.at, e.id LIMIT $4")
            .bind(after.at)
            .bind(after.id)
            .bind(after.to)
            .bind(CHUNK)
            .fetch_all(p)
            .await)?)
    }

    /// The next customers.
    pub async fn register_customers(&self, after: &After) -> Result<Vec<CustomerRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT u.id, u.created_at, u.pack, u.external_id, u.name, u.grade, u.owner, u.email, u.preferred_hours,
                    u.quiet_hours, u.standing, u.fields,
                    COALESCE((SELECT n.phone FROM customer_phones n WHERE n.customer_id = u.id AND n.valid_to IS NULL
                              ORDER BY n.position LIMIT 1), '') AS phone,
                    (SELECT COUNT(*) FROM tickets t WHERE t.customer_id = u.id) AS tickets,
                    COALESCE((SELECT t.number FROM tickets t WHERE t.customer_id = u.id ORDER BY t.id DESC LIMIT 1), '')
                        AS last_ticket
             FROM customers u WHERE u.created_at < $3 AND u.merged_into IS NULL AND (u.created_at, u.id) > ($1, $2)
             ORDER BY u.created_at, u.id LIMIT $4")
            .bind(after.at)
            .bind(after.id)
            .bind(after.to)
            .bind(CHUNK)
            .fetch_all(p)
            .await)?)
    }

    /// The posts of published nights from a day to another, inclusive.
    pub async fn register_duties(&self, from: &str, to: &str) -> Result<Vec<DutyRecord>, Error> {
        Ok(on!(&self.db, p => sqlx::query_as(
            "SELECT d.roster_id, r.pack, d.date, d.role, d.position, d.person, d.phone, r.published_at,
                    COALESCE((SELECT s.person FROM roster_swaps s WHERE s.roster_id = d.roster_id AND s.date = d.date
                              AND s.role = d.role AND s.substitute = d.person ORDER BY s.id DESC LIMIT 1), '') AS instead_of
             FROM roster_duties d JOIN rosters r ON r.id = d.roster_id
             WHERE r.state = 'published' AND d.date >= $1 AND d.date <= $2 ORDER BY d.date, r.pack, d.role, d.position")
            .bind(from)
            .bind(to)
            .fetch_all(p)
            .await)?)
    }
}
