"""What each department's tables hold: one module a department or subject, each with one function `tables(world, night)`.

`tables` returns resource id → the source's rows at that night under physical column names, clean: faults are put in afterwards. Modules are
found by their being here; a name that starts with an underscore is no department.
"""
