"""The sample city: Qingdao as the hearing of May 2020 described it, with invented people and firms. See README.md beside this file."""
