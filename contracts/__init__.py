"""What a department promises: ODCS files read into City, Department, SourceSystem and Resource. This room knows no engine.

Everything the other rooms agree on stands here too: errors, intervals, settings, code lists and identifier rules.
"""
