"""Effects: look, act, report. One module for each kind."""
