-- The tree of business environment indicators with the newest value of the figure that measures each. No data is NULL and never 0.
SELECT i.node_no, i.level, i.name, i.department_id, s.name_en AS figure, s.value, s.text, s.as_of, i.measured, i.leaves
FROM mart.business_indicator AS i
LEFT JOIN sharing.scorecard AS s
  ON s.id = i.figure AND s.part IS NULL AND s.as_of = (SELECT max(as_of) FROM sharing.scorecard)
ORDER BY i.node_no
