# The audit: draw, listen and score, appeal, calibration, results.
