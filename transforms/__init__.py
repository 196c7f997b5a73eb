"""How records become one: standardise a resource's fields, and unify people, firms and licences across departments.

Everything here is a function that returns SQL; running it is the business of `pipeline`.
"""
