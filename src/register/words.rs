//! What stored words are called on Chinese forms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Words of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vocabulary {
    /// Yes and no.
    YesNo,
    /// Outcomes of callbacks and calls.
    Outcome,
    /// Channels of callbacks.
    Method,
    /// States of callbacks.
    State,
    /// Who called.
    Caller,
    /// In or out.
    Direction,
    /// Who hung up first.
    Party,
    /// How grave a ticket is.
    Severity,
    /// Where a customer is.
    Region,
    /// Kinds of letters.
    Letter,
    /// Posts of a night.
    Role,
    /// A: finished; B: not finished.
    Finished,
    /// Whether a deduction counts.
    Decision,
}

impl Vocabulary {
    /// What a word is called; the word itself where it has no other name.
    pub fn name(self, word: &str) -> &str {
        self.words().iter().find(|(stored, _)| *stored == word).map_or(word, |(_, name)| name)
    }

    const fn words(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Vocabulary::YesNo => &[("yes", "是"), ("no", "否"), ("true", "是"), ("false", "否")],
            Vocabulary::Outcome => &[
                ("satisfied", "满意"),
                ("dissatisfied", "不满意"),
                ("reached", "已接通"),
                ("unreached", "未接通"),
                ("refused", "拒访"),
                ("wrong_number", "错号"),
                ("withdrawn", "撤销"),
                ("removed", "取消"),
                ("completed", "完成"),
                ("no_answer", "无人接听"),
                ("busy", "占线"),
                ("rejected", "拒接"),
                ("cancelled", "取消"),
                ("abandoned", "放弃"),
                ("failed", "失败"),
                ("lost", "中断"),
            ],
            Vocabulary::Method => &[
                ("phone", "电话"),
                ("onsite", "上门"),
                ("sms", "短信"),
                ("email", "邮件"),
                ("form", "问卷"),
                ("letter", "信函"),
            ],
            Vocabulary::State => {
                &[("waiting", "待定"), ("open", "未回访"), ("done", "已回访"), ("excused", "免回访")]
            }
            Vocabulary::Caller => &[("robot", "系统")],
            Vocabulary::Direction => &[("outbound", "呼出"), ("inbound", "呼入")],
            Vocabulary::Party => &[("customer", "客户"), ("agent", "客服"), ("system", "系统")],
            Vocabulary::Severity => &[("ordinary", "一般"), ("serious", "严重"), ("major", "重大")],
            Vocabulary::Region => &[("city", "市内"), ("in_province", "省内"), ("other_province", "省外")],
            Vocabulary::Letter => &[("notice", "通知"), ("memo", "知会函"), ("reply", "答复函")],
            Vocabulary::Role => &[
                ("leader", "带班领导"),
                ("technician", "技术员"),
                ("driver", "驾驶员"),
                ("clerk", "材料员"),
                ("mechanic", "维修人员"),
            ],
            Vocabulary::Finished => &[("done", "A"), ("not_done", "B"), ("已竣工", "A"), ("未竣工", "B")],
            Vocabulary::Decision => {
                &[("direct", "直接"), ("proposed", "待批"), ("approved", "已批"), ("refused", "未批")]
            }
        }
    }
}
