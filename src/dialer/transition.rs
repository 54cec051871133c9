//! The legal edges between campaign states: one table.

use super::{CampaignState, Command};

impl Command {
    /// The command as a verb, for messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Command::Start => "start",
            Command::Pause => "pause",
            Command::Resume => "resume",
            Command::Stop => "stop",
            Command::End => "end",
        }
    }
}

/// The state a command leads to; None where it does not fit.
pub(super) const fn transition(state: CampaignState, command: Command) -> Option<CampaignState> {
    use CampaignState::*;
    match (state, command) {
        (Draft | Stopped | Done, Command::Start) => Some(Running),
        (Running, Command::Pause) => Some(Paused),
        (Paused, Command::Resume) => Some(Running),
        (Running | Paused, Command::End) => Some(Ending),
        (Draft | Running | Paused | Ending, Command::Stop) => Some(Stopped),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_edges_is_as_drawn() {
        use CampaignState::*;
        let mut table = String::new();
        for state in [Draft, Running, Paused, Ending, Done, Stopped] {
            for command in [Command::Start, Command::Pause, Command::Resume, Command::Stop, Command::End] {
                if let Some(next) = transition(state, command) {
                    table += &format!("{state} -{}-> {next}\n", command.as_str());
                }
            }
        }
        let drawn = "\
draft -start-> running
draft -stop-> stopped
running -pause-> paused
running -stop-> stopped
running -end-> ending
paused -resume-> running
paused -stop-> stopped
paused -end-> ending
ending -stop-> stopped
done -start-> running
stopped -start-> running
";
        assert_eq!(table, drawn);
    }
}
