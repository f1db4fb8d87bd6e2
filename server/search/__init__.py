"""filter → rows: the plan, the one SQL statement and the answer."""
