/*---
name: mart.hotline_case
label: {en: Hotline requests, zh: 热线诉求}
description:
  en: "One row a matter put to the hotline: a repeated call of the same caller counts with the first. Due after five working days, the day of receipt not counted. Holds no phone number."
  zh: 每件诉求一行，同一来电人的重复来电并入首件；应在五个工作日内办结（受理当日不计）。不含电话号码。
key: [case_no]
inputs:
  hotline.hotline_case: {}
  mart.working_day: {}
columns:
  case_no: {type: VARCHAR, en: First call, zh: 首件编号}
  topic: {type: VARCHAR, en: Topic, zh: 诉求类别}
  division_code: {type: VARCHAR, en: District, zh: 区市代码}
  department_id: {type: VARCHAR, en: Department that answers, zh: 承办部门}
  received_on: {type: DATE, en: Day of the first call, zh: 受理日期}
  calls: {type: BIGINT, en: Calls on the matter, zh: 来电次数}
  due_on: {type: DATE, en: "Last day to answer; empty: beyond the calendar", zh: 办结期限}
  answered_on: {type: DATE, en: "Day of the answer, empty: none yet", zh: 办结日期}
  working_days: {type: BIGINT, en: "Working days to the answer, empty: none yet", zh: 用时（工作日）}
  on_time: {type: BOOLEAN, en: "Whether answered in time, empty: no answer yet", zh: 是否按期办结}
  satisfied: {type: BOOLEAN, en: "Whether the caller was satisfied, empty: not asked", zh: 是否满意}
---*/
WITH repeated AS (
  SELECT repeat_of, count(*) AS repeats FROM hotline.hotline_case WHERE repeat_of IS NOT NULL GROUP BY repeat_of
)
SELECT c.case_no, c.topic, c.division_code, c.department_id, CAST(c.received_at AS DATE) AS received_on,
       1 + coalesce(r.repeats, 0) AS calls, l.day AS due_on, CAST(c.answered_at AS DATE) AS answered_on,
       CAST(a.nth - f.nth AS BIGINT) AS working_days, CAST(c.answered_at AS DATE) <= l.day AS on_time, c.satisfied
FROM hotline.hotline_case AS c
LEFT JOIN repeated AS r ON r.repeat_of = c.case_no
LEFT JOIN mart.working_day AS f ON f.day = CAST(c.received_at AS DATE)
LEFT JOIN mart.working_day AS l ON l.working AND l.nth = f.nth + 5
LEFT JOIN mart.working_day AS a ON a.day = CAST(c.answered_at AS DATE)
WHERE c.repeat_of IS NULL
