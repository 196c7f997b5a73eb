/*---
name: mart.hotline_by_topic
label: {en: Hotline by month topic and district, zh: 热线统计（月份、类别、区市）}
description:
  en: "One row a month of receipt, topic and district. Shares that rest on fewer than 5 requests are empty, so that no single caller shows. on_time_share is of what was due by the day: a request without an answer counts as late."
  zh: 每个受理月份、类别与区市一行；少于 5 件者不给出比例，以免识别个人；按期率以当日已到期者为分母，未办结计为逾期。
key: [month, topic, division_code]
inputs:
  mart.hotline_case: {}
  unified.division: {}
columns:
  month: {type: DATE, en: First day of the month of receipt, zh: 受理月份}
  topic: {type: VARCHAR, en: Topic, zh: 诉求类别}
  division_code: {type: VARCHAR, en: District, zh: 区市代码}
  division: {type: VARCHAR, en: Name of the district, zh: 区市}
  requests: {type: BIGINT, en: "Requests, repeated calls merged", zh: 诉求件数（重复合并）}
  calls: {type: BIGINT, en: Calls, zh: 来电次数}
  due: {type: BIGINT, en: Requests due by the day, zh: 已到期件数}
  on_time_share: {type: DOUBLE, en: "Answered in time of those due, %; empty below 5", zh: 按期办结率（%），少于5件不给出}
  rated: {type: BIGINT, en: Requests whose caller said how it was, zh: 已评价件数}
  satisfied_share: {type: DOUBLE, en: "Satisfied of those rated, %; empty below 5", zh: 满意率（%），少于5件不给出}
---*/
WITH counted AS (
  SELECT CAST(date_trunc('month', received_on) AS DATE) AS month, topic, coalesce(division_code, '-') AS division_code, count(*) AS requests,
         CAST(sum(calls) AS BIGINT) AS calls, count(CASE WHEN due_on <= getvariable('as_of_day') THEN 1 END) AS due,
         count(CASE WHEN due_on <= getvariable('as_of_day') AND on_time THEN 1 END) AS on_time, count(satisfied) AS rated,
         count(CASE WHEN satisfied THEN 1 END) AS satisfied
  FROM mart.hotline_case
  GROUP BY CAST(date_trunc('month', received_on) AS DATE), topic, coalesce(division_code, '-')
)
SELECT c.month, c.topic, c.division_code, d.name AS division, c.requests, c.calls, c.due,
       CASE WHEN c.due >= 5 THEN round(100 * CAST(c.on_time AS DOUBLE) / c.due, 1) END AS on_time_share, c.rated,
       CASE WHEN c.rated >= 5 THEN round(100 * CAST(c.satisfied AS DOUBLE) / c.rated, 1) END AS satisfied_share
FROM counted AS c
LEFT JOIN unified.division AS d ON d.code = c.division_code
