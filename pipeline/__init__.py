"""The way through: extract → standardise → validate → commit for one resource and one interval.

The only room that knows connectors, transforms, expectations and warehouse. `night` holds the three steps as Airflow and the command line call them,
`city_wide` what follows them for the whole city.
"""
