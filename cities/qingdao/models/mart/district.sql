/*---
name: mart.district
label: {en: Districts, zh: 区市}
description:
  en: "One row a district, a code of former times counted with its successor; '-' stands for what no department places. The sums over all rows are the city's."
  zh: 每个区市一行，旧代码并入其后继；“-”为各部门均未载明者。各行合计即全市数。
key: [division_code]
inputs:
  unified.person: {}
  mart.firm: {}
  mart.hotline_case: {}
  unified.division: {}
columns:
  division_code: {type: VARCHAR, en: District, zh: 区市代码}
  division: {type: VARCHAR, en: Name, zh: 区市}
  persons: {type: BIGINT, en: Persons known to any department, zh: 自然人}
  firms: {type: BIGINT, en: Firms, zh: 企业}
  owed: {type: "DECIMAL(18,2)", en: "Owed to firms under contracts, yuan", zh: 合同欠款（元）}
  requests: {type: BIGINT, en: "Hotline requests, repeated calls merged", zh: 热线诉求}
  requests_late: {type: BIGINT, en: "Of these answered late, or due and unanswered", zh: 其中逾期}
---*/
WITH counted AS (
  SELECT division_code, count(*) AS persons, 0 AS firms, CAST(0 AS DECIMAL(38,2)) AS owed, 0 AS requests, 0 AS late
  FROM unified.person
  GROUP BY division_code
  UNION ALL
  SELECT division_code, 0 AS persons, count(*) AS firms, CAST(sum(owed) AS DECIMAL(38,2)) AS owed, 0 AS requests, 0 AS late
  FROM mart.firm
  GROUP BY division_code
  UNION ALL
  SELECT division_code, 0 AS persons, 0 AS firms, CAST(0 AS DECIMAL(38,2)) AS owed, count(*) AS requests,
         count(CASE WHEN due_on <= getvariable('as_of_day') AND NOT coalesce(on_time, FALSE) THEN 1 END) AS late
  FROM mart.hotline_case
  GROUP BY division_code
), placed AS (
  SELECT coalesce(d.current_code, c.division_code, '-') AS division_code, c.persons, c.firms, c.owed, c.requests, c.late
  FROM counted AS c
  LEFT JOIN unified.division AS d ON d.code = c.division_code
), summed AS (
  SELECT division_code, CAST(sum(persons) AS BIGINT) AS persons, CAST(sum(firms) AS BIGINT) AS firms, CAST(sum(owed) AS DECIMAL(18,2)) AS owed,
         CAST(sum(requests) AS BIGINT) AS requests, CAST(sum(late) AS BIGINT) AS requests_late
  FROM placed
  GROUP BY division_code
)
SELECT s.division_code, d.name AS division, s.persons, s.firms, s.owed, s.requests, s.requests_late
FROM summed AS s
LEFT JOIN unified.division AS d ON d.code = s.division_code
