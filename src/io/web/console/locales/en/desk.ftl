# The agent's desk: state, the call with its card, script and questionnaire.
