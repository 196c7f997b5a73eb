"""The generator of the sample city: `python -m cities.qingdao.generator`."""
