/*---
name: mart.official_credit
label: {en: Credit files of officials by department, zh: 公务员诚信档案（按部门）}
description:
  en: "One row a department: how many on its staff roll have a credit file. Officials with a breach are not told where they are 1 to 4 (suppressed), and where only one department would be suppressed so is the next smallest, for the city's total is known."
  zh: 每个部门一行：在册公务员的诚信档案覆盖情况。失信人数为 1 至 4 人时不给出；如仅一个部门不给出，则人数次少的部门亦不给出，以免由全市合计推算。
key: [department_id]
inputs:
  human_resources.staff_roll: {}
  development_reform.official_credit: {}
columns:
  department_id: {type: VARCHAR, en: Department, zh: 部门}
  staff: {type: BIGINT, en: Civil servants on the roll, zh: 在册公务员}
  covered: {type: BIGINT, en: Of these with a credit file, zh: 已建档人数}
  coverage: {type: DOUBLE, en: "Covered of the roll, %", zh: 覆盖率（%）}
  breached: {type: BIGINT, en: "With a breach on file, empty: suppressed", zh: 有失信记录人数（空：不给出）}
  suppressed: {type: BOOLEAN, en: Whether the breaches are suppressed, zh: 失信人数是否不给出}
---*/
WITH files AS (
  SELECT staff_no, max(CASE WHEN breaches > 0 AND coalesce(last_breach_on <= getvariable('as_of_day'), TRUE) THEN 1 ELSE 0 END) AS breached
  FROM development_reform.official_credit
  WHERE opened_on <= getvariable('as_of_day')
  GROUP BY staff_no
), counted AS (
  SELECT s.department_id, count(*) AS staff, count(f.staff_no) AS covered, CAST(coalesce(sum(f.breached), 0) AS BIGINT) AS breached
  FROM human_resources.staff_roll AS s
  LEFT JOIN files AS f ON f.staff_no = s.staff_no
  WHERE s.entered_on <= getvariable('as_of_day') AND (s.left_on IS NULL OR s.left_on > getvariable('as_of_day'))
  GROUP BY s.department_id
), ranked AS (
  SELECT department_id, staff, covered, breached, breached BETWEEN 1 AND 4 AS small,
         sum(CASE WHEN breached BETWEEN 1 AND 4 THEN 1 ELSE 0 END) OVER () AS small_ones,
         row_number() OVER (ORDER BY CASE WHEN breached >= 5 THEN 0 ELSE 1 END, breached, department_id) AS next_place
  FROM counted
), hidden AS (
  SELECT department_id, staff, covered, breached, small OR (small_ones = 1 AND next_place = 1) AS suppressed FROM ranked
)
SELECT department_id, staff, covered, round(100 * CAST(covered AS DOUBLE) / staff, 2) AS coverage,
       CASE WHEN NOT suppressed THEN breached END AS breached, suppressed
FROM hidden
