"""Each department's problem rows: what to correct, how and by when, as rows, as files of its own and as counts."""
