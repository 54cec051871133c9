# Registers and reports: on screen, as files, with schedule, approval and proof.
