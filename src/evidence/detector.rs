//! What can be found in a call, each with its word, its unit and its titles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! detectors {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $unit:literal, $zh:literal, $en:literal;)*) => {
        /// A detector. Its word, once given, keeps its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Detector { $($(#[$doc])* #[serde(rename = $word)] $variant,)* }

        impl Detector {
            /// Every detector.
            pub const ALL: &[Detector] = &[$(Detector::$variant),*];

            /// The word in files, the database and the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Detector::$variant => $word),* }
            }

            /// Unit of its value: `s`, `%`, `dBov`; empty: a count, or 1 for yes.
            pub const fn unit(self) -> &'static str {
                match self { $(Detector::$variant => $unit),* }
            }

            /// Title for people, in Chinese and in English.
            pub const fn titles(self) -> (&'static str, &'static str) {
                match self { $(Detector::$variant => ($zh, $en)),* }
            }

            /// The detector of a word.
            pub fn of(word: &str) -> Option<Detector> {
                match word {
                    $($word => Some(Detector::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

detectors! {
    /// Who ended the talk; the word stands in the detail.
    HangupBy = "hangup_by", "", "谁先挂断", "who hung up first";
    /// From the last word of either side to the hang-up.
    LastWord = "last_word_s", "s", "最后一句到挂断", "last word to hang-up";
    /// The customer was speaking when our side hung up.
    CutOff = "cut_off", "s", "强行挂断", "cut off";
    /// INVITE to 200 of an inbound call.
    AnswerDelay = "answer_delay_s", "s", "接听时长", "answer delay";
    /// Ringing of the phone that took the customer.
    AgentAnswer = "agent_answer_s", "s", "坐席接起时长", "agent's answer delay";
    /// An inbound caller left before anybody served them.
    Abandoned = "abandoned", "", "来电放弃", "abandoned";
    /// First INVITE in the rule's windows: 1, or 0.
    InWindow = "in_window", "", "时段合规", "placed within the window";
    /// The callback was completed before its deadline: 1, or 0.
    ByDeadline = "by_deadline", "", "时限合规", "done by the deadline";
    /// One hold.
    Hold = "hold_s", "s", "保持等待", "hold";
    /// Times the customer was given to somebody else.
    Transfers = "transfers", "", "转接次数", "transfers";
    /// End of the call to the entry in the register.
    WrapUp = "wrap_up_min", "min", "登记用时", "register completed after";
    /// An answered call that is told as done and was that short.
    TooShort = "too_short", "s", "通话过短", "too short";
    /// Told as done, and the customer never spoke nor pressed a key.
    Perfunctory = "perfunctory", "", "敷衍回访", "perfunctory";
    /// Length in medians of late calls.
    NotConcise = "not_concise", "", "通话过长", "times the usual length";
    /// Interruptions of the customer.
    Interruptions = "interruptions", "", "打断次数", "interruptions";
    /// One interruption: how long both spoke.
    Interruption = "interruption", "s", "打断", "interruption";
    /// Both sides speaking, short acknowledgements left out.
    Overlap = "overlap_s", "s", "重叠时长", "talk-over";
    /// Both sides speaking, of all speech.
    OverlapRatio = "overlap_ratio", "%", "重叠比例", "share of talk-over";
    /// Longest silence behind a turn of the customer.
    AgentSilenceMax = "agent_silence_max_s", "s", "坐席最长沉默", "agent's longest silence";
    /// One silence behind a turn of the customer that is too long.
    AgentSilence = "agent_silence", "s", "坐席沉默", "agent's silence";
    /// Longest silence of both.
    MutualSilenceMax = "mutual_silence_max_s", "s", "双方最长静默", "longest dead air";
    /// One silence of both that is too long.
    MutualSilence = "mutual_silence", "s", "双方静默", "dead air";
    /// Answer of our person to their first word.
    SlowGreeting = "slow_greeting_s", "s", "首句用时", "time to first word";
    /// Active level of our people.
    AgentLevel = "agent_level_dbov", "dBov", "坐席音量", "agent's level";
    /// Active level of the customer.
    CustomerLevel = "customer_level_dbov", "dBov", "客户音量", "customer's level";
    /// One turn of ours far over our own median.
    Shouting = "shouting", "dB", "音量骤升", "shouting";
    /// Our share of all speech.
    TalkRatio = "talk_ratio", "%", "坐席说话占比", "talk share";
    /// Syllable-like peaks of our speech.
    SpeechRate = "speech_rate", "1/s", "语速", "speech rate";
    /// Many overlaps while both are louder than they are.
    PossibleDispute = "possible_dispute", "", "疑似争执", "possible dispute";
    /// The customer was never heard in an answered call.
    NoCustomerSpeech = "no_customer_speech", "", "客户无声", "customer never heard";
    /// Nothing came in from the other side.
    OneWayAudio = "one_way_audio", "", "单向无声", "one-way audio";
    /// Share of packets that were not heard.
    LostAudio = "lost_audio", "%", "丢包", "lost audio";
    /// Sound that did not reach the disk.
    LostRecording = "lost_recording", "s", "录音缺失", "missing in the recording";
    /// The line broke.
    Dropped = "dropped", "", "线路中断", "dropped";
    /// An answered call without a recording.
    NoRecording = "no_recording", "", "无录音", "no recording";
    /// A step of the script, and how long it took.
    Step = "step", "s", "步骤", "step";
    /// Steps that came in another order than they should.
    StepOrder = "step_order", "", "步骤顺序", "order of steps";
    /// A phrase that is wanted and was not said.
    PhraseMissing = "phrase_missing", "", "缺少用语", "phrase missing";
    /// A phrase that was said.
    PhraseSaid = "phrase_said", "", "规范用语", "phrase said";
    /// A phrase that must not be said.
    ForbiddenPhrase = "forbidden_phrase", "", "禁用语", "forbidden phrase";
    /// A promise that nobody wrote down.
    PromiseWithoutTicket = "promise_without_ticket", "", "承诺未登记", "promise without a ticket";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for detector in Detector::ALL {
            assert_eq!(Detector::of(detector.as_str()), Some(*detector));
            assert_eq!(serde_json::to_string(detector).unwrap(), format!("\"{}\"", detector.as_str()));
        }
        assert_eq!(Detector::of("mood"), None);
    }
}
