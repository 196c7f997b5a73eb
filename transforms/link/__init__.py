"""Which records without identifier are one entity: values made comparable, Splink's settings, and who is joined to whom – as SQL and data, no engine."""
